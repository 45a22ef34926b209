/** Every link of README and `.github` leads somewhere; every command block of README and guides runs, or says why not. */
import { fileURLToPath } from "node:url";
import { ALERT_ENVIRONMENT, ENVIRONMENT } from "../../src/config.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { assert, assertEquals, assertThrows } from "../../src/testing/assert.ts";
import { buildModule } from "./build.ts";
import { anchorsOf, type CommandBlock, commandBlocks, deadLinks, markdownPages } from "./docs.ts";

const ROOT = new URL("../../", import.meta.url);
/** What a reader's clone has that commands use. */
const COPIED = ["assembly", "build", "model", "scripts", "src", "asconfig.json", "deno.json", "deno.lock"];
const PATIENCE_MS = 240_000;
const MOST_COLUMNS = 100;

await buildModule(ROOT);
const pages = await markdownPages(ROOT);
const text = (page: string) => Deno.readTextFile(new URL(page, ROOT));
const curl = await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test("every link and every path that README and .github name leads somewhere", async () => {
  const problems = (await Promise.all(pages.map((page) => deadLinks(ROOT, page)))).flat();
  assertEquals(problems.map(({ page, line, problem }) => `${page}:${line}: ${problem}`), []);
});

Deno.test("README has at most 150 lines and ARCHITECTURE 200; prose has at most 100 columns", async () => {
  const lengths = await Promise.all(
    ["README.md", ".github/ARCHITECTURE.md"].map(async (page) => (await text(page)).split("\n").length - 1),
  );
  assert(lengths[0] <= 150 && lengths[1] <= 200, `${lengths}`);
  for (const page of pages) {
    let isCode = false;
    for (const [i, line] of (await text(page)).split("\n").entries()) {
      if (line.trim().startsWith("```")) isCode = !isCode;
      const isFree = isCode || /^\s*(\||!?\[|<)|^ {4}|\]\(/.test(line);
      assert(isFree || [...line].length <= MOST_COLUMNS, `${page}:${i + 1} has ${[...line].length} columns`);
    }
  }
});

Deno.test("decisions have context, decision, rejected and consequences, in 40 lines at most", async () => {
  const decisions = pages.filter((page) => /\/decisions\/\d{4}-/.test(page));
  assert(decisions.length >= 15, `${decisions.length}`);
  for (const page of decisions) {
    const content = await text(page);
    assert(content.split("\n").length - 1 <= 40, `${page} has more than 40 lines`);
    const headings = [...content.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    assertEquals(headings, ["Context", "Decision", "Rejected", "Consequences"], page);
  }
  const numbers = decisions.map((page) => /\/(\d{4})-/.exec(page)![1]);
  assertEquals(new Set(numbers).size, numbers.length, "each number stands once");
});

Deno.test("the operating guide says of every alarm what it means and what to do", async () => {
  const rules = await text("src/http/monitoring/rules.yml");
  const alarms = [...rules.matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name);
  const guide = await text(".github/docs/guide/operating.md");
  const headings = [...guide.matchAll(/^### (Edgewood\w+)$/gm)].map(([, name]) => name);
  assert(alarms.length > 5, `${alarms.length}`);
  assertEquals(headings, alarms);
});

Deno.test("commandBlocks() reads markers, and refuses a comment that is none", () => {
  const marked = (marker: string) => commandBlocks(`${marker}\n\n\`\`\`sh\nls\n\`\`\`\n`)[0];
  assertEquals(marked("text"), { line: 3, kind: "run", note: "", commands: "ls" });
  assertEquals(marked("<!-- not run: needs Docker -->").note, "needs Docker");
  assertEquals(marked("<!-- run by a_test.ts -->").kind, "elsewhere");
  assertEquals(marked("<!-- run in the background -->").kind, "background");
  assertThrows(() => marked("<!-- not run -->"), SyntaxError, "unknown marker");
  assertThrows(() => commandBlocks("```sh\nls\n"), SyntaxError, "does not end");
});

Deno.test("deadLinks() finds what is not there, and nothing else", async () => {
  const root = new URL(`file://${await Deno.makeTempDir()}/`);
  await Deno.mkdir(new URL("src/", root));
  await Deno.writeTextFile(new URL("src/a.ts", root), "");
  await Deno.writeTextFile(new URL("b.md", root), "# It's *here*: now\n");
  const page =
    "[a](b.md#its-here-now) [a](b.md#no) [a](../up.md) [a](c.md) `src/a.ts` `src/b.ts`, `[a](d.md)`\n";
  await Deno.writeTextFile(new URL("page.md", root), page);
  const problems = (await deadLinks(root, "page.md")).map(({ problem }) => problem);
  assertEquals(problems, [
    "b.md#no: there is no such heading",
    "the link to ../up.md leads nowhere",
    "the link to c.md leads nowhere",
    "src/b.ts does not exist",
  ]);
  assertEquals([...anchorsOf("# A `b` c\n```\n# not\n```\n")], ["a-b-c"]);
  await Deno.remove(root, { recursive: true });
});

for (const page of pages.filter((each) => each === "README.md" || each.includes("/docs/guide/"))) {
  const blocks = commandBlocks(await text(page));
  const run = blocks.filter(({ kind }) => kind === "run" || kind === "background");
  const needsCurl = run.some(({ commands }) => commands.includes("curl "));
  Deno.test({
    name: `the commands of ${page} run in their order${
      needsCurl && !curl ? " (left out: no curl here)" : ""
    }`,
    ignore: Deno.build.os === "windows" || needsCurl && !curl,
    async fn() {
      for (const { kind, note } of blocks) {
        if (kind === "elsewhere") assert((await Deno.stat(new URL(note, ROOT))).isFile, note);
      }
      if (run.length > 0) await runBlocks(run);
    },
  });
}

/** Runs blocks as one shell session in a copy of the project, with transactions of a reader's own in it. */
async function runBlocks(blocks: readonly CommandBlock[]): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: "edgewood-docs-" });
  try {
    for (const name of COPIED) await copyInto(`${fileURLToPath(ROOT)}${name}`, `${copy}/${name}`);
    await writeTransactions(copy);
    await Deno.mkdir(`${copy}/bin`);
    await Deno.symlink(Deno.execPath(), `${copy}/bin/deno`);
    await Deno.writeTextFile(`${copy}/bin/.curlrc`, "fail\nshow-error\n");
    await Deno.writeTextFile(`${copy}/bin/session.sh`, sessionOf(blocks));
    const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1", CURL_HOME: `${copy}/bin` };
    for (const name of [...Object.values(ENVIRONMENT), ...ALERT_ENVIRONMENT]) delete env[name];
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["bin/session.sh"],
      cwd: copy,
      clearEnv: true,
      env: { ...env, PATH: `${copy}/bin:${env.PATH}` },
      stdin: "null",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    assertEquals(code, 0, said.slice(-4000));
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** The blocks as a script; one in the background ends with the script, and the port of the pages is a free one. */
function sessionOf(blocks: readonly CommandBlock[]): string {
  const script = blocks.map(({ kind, line, commands }) => {
    const said = `echo "::: block of line ${line}" >&2`;
    if (kind === "run") return `${said}\n${commands}`;
    return [
      said,
      `set -m\n{ ${commands.trim()}\n} >bin/background.log 2>&1 &\nbackground=$!\nset +m`,
      'trap "kill -TERM -- -$background; wait $background || true; cat bin/background.log >&2" EXIT',
      "until grep -q serving bin/background.log; do kill -0 $background; sleep 0.1; done",
    ].join("\n");
  });
  return ["set -eu", ...script, ""].join("\n").replaceAll("127.0.0.1:8080", `127.0.0.1:${freePort()}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** `transactions.csv` and `transactions.ndjson`, which the pages take a reader to have. */
async function writeTransactions(folder: string): Promise<void> {
  const rows: string[] = [];
  const lines: string[] = [];
  for (const event of simulate({ randomSeed: 5, start: new Date("2026-01-01T00:00:00Z"), count: 6000 })) {
    if (event.kind !== "transaction") continue;
    const { transaction_id, customer_id, terminal_id, amount, currency, timestamp } = event.transaction;
    rows.push(
      [transaction_id, customer_id, terminal_id, amount, currency, timestamp, Number(event.isFraud)].join(),
    );
    if (lines.length < 50) lines.push(JSON.stringify(event.transaction));
  }
  const header = "transaction_id,customer_id,terminal_id,amount,currency,timestamp,is_fraud";
  await Deno.writeTextFile(`${folder}/transactions.csv`, [header, ...rows, ""].join("\n"));
  await Deno.writeTextFile(`${folder}/transactions.ndjson`, [...lines, ""].join("\n"));
}

async function copyInto(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyInto(`${from}/${name}`, `${to}/${name}`);
}
