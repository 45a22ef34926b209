/** Labels transactions as a process, beside a consumer that runs. */
import type { Broker, ProducedRecord } from "../../src/broker/broker.ts";
import { keyOf, valueOf } from "../../src/broker/record_batch.ts";
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/ledger.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { type EndedProcess, runDeno, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));

const TOPIC = "transactions";

async function label(folder: string, ...args: string[]): Promise<EndedProcess> {
  const all = [...embeddedArgs(folder, ["stream", "ledger"]), ...args];
  const permissions = permissionsFor("label", all, () => undefined);
  return await runDeno("scripts/commands/label.ts", all, { permissions });
}

/** A transaction at one terminal, of a customer of its own. */
function transaction(id: string, timestamp: string, amount: number) {
  return JSON.stringify({
    transaction_id: id,
    customer_id: `customer of ${id}`,
    terminal_id: "the terminal",
    amount,
    timestamp,
  });
}

/** The last record of the label topic, to produce again. */
async function newestLabel(broker: Broker): Promise<ProducedRecord> {
  const [{ endOffset }] = await broker.offsets("labels");
  for await (const batch of broker.read("labels", 0, { fromOffset: endOffset - 1 })) {
    const last = batch.count - 1;
    return { key: keyOf(batch, last), value: valueOf(batch, last), timestampMs: batch.timestampMs[last] };
  }
  throw new Error("there is no label");
}

Deno.test("label: an answer reaches the features of a consumer that runs; another one takes its place", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 500 });
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const args = [...embeddedArgs(folder), "--quiet", "--alerts", "none"];
    const permissions = permissionsFor("consume", args, () => undefined);
    await using consumer = startDeno("scripts/commands/consume.ts", args, { permissions });

    /** Produces a transaction and waits for its verdict; what it says of a flagged one is given by feature. */
    const score = async (id: string, timestamp: string, amount: number) => {
      const timestampMs = Date.parse(timestamp);
      await broker.produce(TOPIC, [{ key: id, value: transaction(id, timestamp, amount), timestampMs }]);
      const isThere = async () => (await ledger.find(id)).length > 0;
      await consumer.until(isThere, { timeoutMs: 60_000, what: `a verdict on ${id}` });
      const [{ verdict }] = await ledger.find(id);
      const reasons: { feature: string; value: number }[] = verdict === null
        ? []
        : JSON.parse(verdict).reasons;
      return Object.fromEntries(reasons.map(({ feature, value }) => [feature, value]));
    };

    await score("one", "2027-01-01T00:00:00Z", 30);
    await score("two", "2027-01-01T01:00:00Z", 30);
    const at = ["--at", "2027-01-01T06:00:00Z"];
    const fraud = await label(folder, "--transaction", "one", "--fraud", "--by", "Ann", ...at);
    assertEquals(fraud.code, 0, fraud.stderr);
    assertStringIncludes(fraud.stdout, "terminal the terminal: fraud");
    // Delivered once more, as by a process that died before it could note the delivery.
    await broker.produce("labels", [await newestLabel(broker)]);
    const legit = await label(folder, "--transaction", "two", "--legit", ...at);
    assertEquals(legit.code, 0, legit.stderr);

    // Amounts that are flagged, so that the verdict tells what the features said.
    const before = await score("early", "2027-01-01T05:00:00Z", 90_000);
    assertEquals([before.terminal_risk_7d, before.terminal_label_ewma], [0, 0]);
    const after = await score("later", "2027-01-02T00:00:00Z", 90_000);
    // One fraud of two labels, both 18 hours old, beside the one legitimate label that every terminal is credited with.
    const weight = Math.exp(-0.75 / 7);
    const risk = weight / (2 * weight + 1);
    assert(Math.abs(after.terminal_risk_7d - risk) < 1e-4, `${after.terminal_risk_7d}, expected ${risk}`);
    assert(Math.abs(after.terminal_label_ewma - 0.24) < 1e-6, `${after.terminal_label_ewma}`);

    const other = await label(folder, "--transaction", "one", "--legit", "--by", "Bob", ...at);
    assertStringIncludes(other.stdout, "fraud by Ann, then legitimate by Bob");
    const again = await label(folder, "--transaction", "one", "--legit", "--json");
    const { recorded, history, produced } = JSON.parse(again.stdout);
    assertEquals([recorded, history.length, history[2].repeats, produced], [[], 3, true, 0]);
    assertEquals([history[0].by, history[0].source], ["Ann", "command"]);
    const replaced = await score("last", "2027-01-03T00:00:00Z", 90_000);
    assertEquals([replaced.terminal_risk_7d, replaced.terminal_label_ewma], [0, 0]);

    // A label changes no verdict that was given.
    const [later] = await ledger.find("later");
    assertStringIncludes(later.verdict!, `"value":${after.terminal_risk_7d}`);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("label: an unknown transaction is exit code 1, wrong usage 2", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await broker.ensureTopic(TOPIC);
    await using _ = openSqliteLedger(`${folder}/ledger.db`);
  }
  const unknown = await label(folder, "--transaction", "1-55", "--fraud");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.stderr, "Cannot label the transaction 1-55 as sqlite:");
  for (
    const wrong of [
      ["--transaction", "1-55"],
      ["--fraud"],
      ["--transaction", "1-55", "--fraud", "--legit"],
      ["--transaction", "1-55", "--fraud", "--at", "noon"],
      ["--transaction", "1-55", "--fraud", "--at", "2026-02-30T00:00:00Z"],
    ]
  ) {
    const { code, stderr } = await label(folder, ...wrong);
    assertEquals(code, 2, `${wrong.join(" ")}: ${stderr}`);
  }
  await Deno.remove(folder, { recursive: true });
});
