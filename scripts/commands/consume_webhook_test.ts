/** Runs consume as a process against receivers of webhooks that fail, hang, refuse, and are Slack's kind. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { verifySignature } from "../../src/alerts/webhook/signature.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { type RunningProcess, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));
const SECRET = "a-secret-of-this-test";

interface Receiver extends AsyncDisposable {
  url: string;
  /** Bodies of the requests that were answered with 200, by the alert's id; the newest of an id. */
  taken: Map<string, string>;
  /** Requests that came. */
  requests: number;
}

/** What a receiver does with a request: a status, or it leaves the caller without an answer. */
type Deed = number | "hang";

function openReceiver(deed: () => Deed): Receiver {
  const ending = new AbortController();
  const held = Promise.withResolvers<Response>();
  const receiver = { taken: new Map<string, string>(), requests: 0 };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: ending.signal, onListen() {} },
    async (request) => {
      const body = await request.text();
      receiver.requests++;
      const isSigned = verifySignature(body, request.headers.get("Edgewood-Signature"), SECRET);
      const done = isSigned ? deed() : 401;
      if (done === "hang") return await held.promise;
      if (done === 200) receiver.taken.set(request.headers.get("Edgewood-Alert-Id")!, body);
      return new Response(null, { status: done });
    },
  );
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${server.addr.port}/confidential`,
    async [Symbol.asyncDispose]() {
      held.resolve(new Response());
      ending.abort();
      await server.finished;
    },
  });
}

async function withRun(count: number, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await makeEmbeddedRun(folder, { count });
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function start(folder: string, ...more: string[]): RunningProcess {
  const args = [...embeddedArgs(folder), "--alerts", "webhook", "--quiet", ...more];
  return startDeno("scripts/commands/consume.ts", args, {
    permissions: permissionsFor("consume", args, () => undefined),
    env: { WEBHOOK_SECRET: SECRET },
  });
}

function ask(folder: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(`${folder}/ledger.db`, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

const flaggedOffsets = (folder: string) =>
  ask(folder, `SELECT "offset" AS o FROM flagged ORDER BY o`).map(({ o }) => o as number);

/** Transactions that the alerts are about. */
function told({ taken }: Receiver): number {
  return [...taken.values()].reduce((sum, body) => sum + JSON.parse(body).count, 0);
}

Deno.test("consume: a webhook that fails half of the time gets each alert, over kill -9, under one id", async () => {
  await withRun(8000, async (folder) => {
    let seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const random = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) / 2 ** 32;
    await using receiver = openReceiver(() => random() < 0.5 ? 200 : random() < 0.5 ? 503 : 429);
    const options = ["--webhook", receiver.url, "--alert-window", "0s", "--alerts-per-minute", "100000"];
    for (let kill = 0; kill < 3; kill++) {
      await using process = start(folder, "--group", `g${kill}`, "--max-batch-records", "100", ...options);
      const least = receiver.taken.size + 10;
      await process.until(() => receiver.taken.size >= least, { what: `${least} alerts` });
      process.kill("SIGKILL");
      await process.ended();
    }
    await using last = start(folder, "--until-empty", ...options);
    const { code, stderr } = await last.ended();
    assertEquals(code, 0, stderr);
    const offsets = flaggedOffsets(folder);
    assert(offsets.length > 60, `${offsets.length} flagged`);
    assertEquals(
      [...receiver.taken.keys()].map((id) => Number(id.split("/")[2])).sort((a, b) => a - b),
      offsets,
    );
    assert(receiver.requests > offsets.length * 1.5, `${receiver.requests} requests`);
    for (const [id, body] of receiver.taken) assertEquals(JSON.parse(body).alert_id, id);
    assert(!stderr.includes("confidential"), stderr);
  });
});

Deno.test("consume: webhooks that hang or refuse hold up neither commits nor objects nor another webhook", async () => {
  await withRun(8000, async (folder) => {
    await using hanging = openReceiver(() => "hang");
    await using gone = openReceiver(() => 410);
    await using good = openReceiver(() => 200);
    await using slack = openReceiver(() => 200);
    const urls = [hanging.url, gone.url, good.url, `webhook+slack:${slack.url}`];
    await using process = start(
      folder,
      ...urls.flatMap((url) => ["--webhook", url]),
      ...["--public-url", "https://fraud.example", "--flush-interval", "50ms", "--max-batch-records", "500"],
    );
    await process.until(() =>
      hanging.requests > 0 && ask(folder, "SELECT 1 FROM partition_owner").length > 0
    );
    await process.until(
      () => ask(folder, "SELECT next_offset AS n FROM partition_owner")[0].n === 8000,
      { what: "the commit of all" },
    );
    const offsets = flaggedOffsets(folder);
    const covered = "SELECT sum(rows) AS n, min(stored) AS s FROM object_cut";
    await process.until(() => {
      const [{ n, s }] = ask(folder, covered);
      return n === offsets.length && s === 1;
    }, { what: "objects of all" });
    // The end flushes what is held for those who take it, and waits no longer than it must for the others.
    process.kill("SIGTERM");
    const { code, stderr } = await process.ended();
    assertEquals(code, 0, stderr);
    assertEquals(told(good), offsets.length);
    assert(good.taken.size <= 22, `${good.taken.size} alerts`);
    assertEquals(slack.taken.size, good.taken.size);
    const [text, link] = JSON.parse([...slack.taken.values()][0]).text.split("\n");
    assertStringIncludes(text, "score 0.");
    assert(/^<https:\/\/fraud\.example\/#\/transactions\/[^|]+\|Look at .+>$/.test(link), link);
    assertStringIncludes(stderr, "gave up transactions/0/");
    assertStringIncludes(stderr, "it answered 410");
    const position = (port: string) =>
      ask(folder, `SELECT "offset" AS o FROM listener_position WHERE listener LIKE '%:${port}#%'`)[0].o;
    for (const { url } of [gone, good]) assertEquals(position(new URL(url).port), offsets.at(-1));
    // What the hanging one did not take waits for the next run.
    const states = ask(folder, "SELECT state FROM alert_state").map(({ state }) => JSON.parse(String(state)));
    assertEquals(states.filter(({ outbox }) => outbox.length > 0).length, 1);
    assertEquals(hanging.taken.size, 0);
  });
});

Deno.test("consume: 10,000 flagged transactions of one card are a few alerts, which tell of all of them", async () => {
  await withRun(100, async (folder) => {
    // A threshold under which everything is flagged.
    const path = `${folder}/model/forest.json`;
    const manifest = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...manifest, threshold: 0.01 }));
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    const attack = Array.from({ length: 10_000 }, (_, i) => ({
      key: "card",
      value: JSON.stringify({
        transaction_id: `attack-${i}`,
        customer_id: "card",
        terminal_id: `t${i % 50}`,
        amount: 100,
        currency: "EUR",
        timestamp: Date.UTC(2026, 5, 1) + i * 5,
      }),
    }));
    await broker.produce("transactions", attack);
    await using receiver = openReceiver(() => 200);
    await using process = start(
      folder,
      "--webhook",
      receiver.url,
      "--max-batch-records",
      "500",
      "--until-empty",
    );
    const { code, stderr } = await process.ended();
    assertEquals([code, told(receiver)], [0, 10_100], stderr);
    const alerts = [...receiver.taken.values()].map((body) => JSON.parse(body));
    // Twenty in the minute, and one for the rest, which at the end has those of the card, too.
    assert(alerts.length <= 22, `${alerts.length} alerts`);
    const ofCard = alerts.filter(({ verdict }) => verdict.customer_id === "card");
    assert(ofCard.length <= 2, `${ofCard.length} alerts of the card`);
    const rest = alerts.find(({ kind }) => kind === "rest");
    assert(rest.count >= 9_999 && rest.amounts[0].amount > 990_000, JSON.stringify(rest).slice(0, 300));
  });
});

Deno.test("consume: webhooks that are named and not used, used and not named, or not signed, are wrong usage", async () => {
  const folder = await Deno.makeTempDir();
  const url = "https://hooks.example/a";
  const cases: [string[], Record<string, string>, number, string][] = [
    [["--alerts", "webhook"], {}, 2, "must name one"],
    [["--alerts", "console", "--webhook", url], {}, 2, "--alerts must name webhook"],
    [["--alerts", "webhook", "--webhook", url], { WEBHOOK_SECRET: "" }, 1, "WEBHOOK_SECRET is not set"],
    [
      ["--alerts", "webhook"],
      { WEBHOOK_URLS: "http://far.example/x", WEBHOOK_SECRET: SECRET },
      2,
      "must be https:",
    ],
    [["--public-url", "fraud.example"], {}, 2, "--public-url must begin with"],
    [["--alerts-per-minute", "0"], {}, 2, "--alerts-per-minute"],
  ];
  await makeEmbeddedRun(folder, { count: 100 });
  for (const [more, env, expected, must] of cases) {
    const args = [...embeddedArgs(folder), "--until-empty", ...more];
    await using process = startDeno("scripts/commands/consume.ts", args, {
      permissions: permissionsFor("consume", args, (name) => env[name]),
      env,
    });
    const { code, stderr } = await process.ended();
    assertEquals(code, expected, stderr);
    assertStringIncludes(stderr, must);
  }
  await Deno.remove(folder, { recursive: true });
});
