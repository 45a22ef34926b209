/** Runs produce as a process. */
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { valueOf } from "../../src/broker/record_batch.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { startDeno } from "../../src/testing/process.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

function start(...args: string[]) {
  return startDeno("scripts/commands/produce.ts", args, {
    permissions: permissionsFor("produce", args, () => undefined),
  });
}

async function run(...args: string[]) {
  await using process = start(...args);
  return await process.ended();
}

async function valuesOf(path: string, topic: string): Promise<string[]> {
  await using broker = openSqliteBroker(path);
  const values: string[] = [];
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) values.push(new TextDecoder().decode(valueOf(batch, i)!));
    }
  }
  return values;
}

Deno.test("produce: the same seed gives the same records, another one others", async () => {
  const folder = await Deno.makeTempDir();
  const produced = async (name: string, seed: string) => {
    const path = `${folder}/${name}.db`;
    const { code, stdout, stderr } = await run(
      "--stream",
      `sqlite:${path}`,
      "--count",
      "500",
      "--seed",
      seed,
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "500 transactions to transactions");
    assertStringIncludes(stdout, "is there, once");
    return await valuesOf(path, "transactions");
  };
  const first = await produced("a", "5");
  assertEquals(first.length, 500);
  assertEquals(await produced("b", "5"), first);
  assert((await produced("c", "6")).join() !== first.join());
  await Deno.remove(folder, { recursive: true });
});

Deno.test("produce: a file is replayed with its labels, later; partitions as asked for", async () => {
  const folder = await Deno.makeTempDir();
  const rows = Array.from(
    { length: 50 },
    (_, i) =>
      `${i},2018-04-0${1 + Math.floor(i / 10)} 00:00:0${i % 10},${i % 5},${i % 3},${10 + i}.5,${
        Number(i === 7)
      },0`,
  );
  await Deno.writeTextFile(
    `${folder}/in.csv`,
    `transaction_id,timestamp,customer_id,terminal_id,amount,is_fraud,scenario\n${rows.join("\n")}\n`,
  );
  const path = `${folder}/stream.db`;
  const engines = ["--stream", `sqlite:${path}`, "--partitions", "3"];
  const { code, stderr } = await run(...engines, "--input", `${folder}/in.csv`, "--label-delay", "1d");
  assertEquals(code, 0, stderr);
  const transactions = (await valuesOf(path, "transactions")).map((value) => JSON.parse(value));
  assertEquals(transactions.length, 50);
  assert(!JSON.stringify(transactions).includes("is_fraud"), "a transaction tells its label");
  const labels = (await valuesOf(path, "labels")).map((value) => JSON.parse(value));
  assertEquals(
    labels.filter(({ is_fraud }) => is_fraud).map(({ transaction_id }) => String(transaction_id)),
    ["7"],
  );
  assertEquals((await run(...engines, "--input", `${folder}/absent.csv`)).code, 1);
  const more = ["--count", "10", "--quiet"];
  assertEquals((await run(...engines, ...more)).stderr, "");
  assertStringIncludes(
    (await run("--stream", `sqlite:${path}`, "--partitions", "4", ...more)).stderr,
    "transactions has 3 partitions already; --partitions 4 is for a topic that is made anew",
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("produce: a file says how it was read, what was not sent, and how many were before a faulty row", async () => {
  const folder = await Deno.makeTempDir();
  const stream = ["--stream", `sqlite:${folder}/stream.db`];
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return ["--input", `${folder}/${name}`];
  };
  const header = "transaction_id;timestamp;customer_id;terminal_id;amount;device\n";
  const euro = await write("euro.csv", `${header}1;1522540831;c;t;1.234,50;x\n2;1522540832;c;t;7,5;y\n`);
  const refused = await run(...stream, ...euro);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, 'current value is "1.234,50"; --decimal , reads it as 1234.5');
  const { code, stderr } = await run(...stream, ...euro, "--decimal", ",");
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "columns that no field of a transaction reads are left out: device");
  assertStringIncludes(stderr, 'column "timestamp" is read as seconds: 2018-04-01 … 2018-04-01');
  const lines = [
    "",
    `,"currency":"KWD","merchant_category":"5411","country":"NL","channel":"pos","is_fraud":1`,
  ].map((more, i) =>
    `{"transaction_id":"n${i}","customer_id":"c","terminal_id":"m","amount":1.5,"timestamp":"2026-01-01T00:00:00Z"${more}}\n`
  );
  const ndjson = await write("rows.ndjson", lines.join(""));
  assertEquals((await run(...stream, ...ndjson)).stderr.includes("left out"), false);
  const values = (await valuesOf(`${folder}/stream.db`, "transactions")).map((value) => JSON.parse(value));
  assertEquals(values.map(({ amount }) => amount), [1234.5, 7.5, 1.5, 1.5]);
  assertEquals([values[3].currency, values[3].merchant_category, values[3].country, values[3].channel], [
    "KWD",
    "5411",
    "NL",
    "pos",
  ]);
  assertEquals((await valuesOf(`${folder}/stream.db`, "labels")).length, 1);
  const many = Array.from({ length: 40_000 }, (_, i) => `${i};2018-04-01;c;t;${i === 39_999 ? "?" : 5};x\n`);
  const faulty = await run(...stream, ...await write("many.csv", header + many.join("")));
  assertEquals(faulty.code, 1);
  assertStringIncludes(faulty.stderr, "Cannot replay row 40000 as amount must be a decimal number");
  assertStringIncludes(faulty.stderr, "transactions and 0 labels were sent");
  const lenient = await run(
    "--stream",
    `sqlite:${folder}/other.db`,
    ...await write("many.csv", header + many.join("")),
    "--lenient",
  );
  assertStringIncludes(
    lenient.stderr,
    "1 faulty rows were sent as they are, without labels; the first is row 40000 as",
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("produce: a file that the stream holds already is refused, unless it is sent again", async () => {
  const folder = await Deno.makeTempDir();
  const stream = ["--stream", `sqlite:${folder}/stream.db`, "--partitions", "3"];
  const file = async (name: string, day: number) => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},2018-04-0${day},c${i},t,5\n`).join("");
    await Deno.writeTextFile(
      `${folder}/${name}`,
      `transaction_id,timestamp,customer_id,terminal_id,amount\n${rows}`,
    );
    return [...stream, "--input", `${folder}/${name}`];
  };
  const [one, other] = [await file("one.csv", 1), await file("other.csv", 2)];
  assertEquals((await run(...one)).code, 0);
  assertEquals((await run(...other)).code, 0, "ids that begin anew");
  for (const args of [one, other]) {
    const { code, stderr } = await run(...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "its first transaction is transactions/");
  }
  assertEquals((await valuesOf(`${folder}/stream.db`, "transactions")).length, 40);
  assertEquals((await run(...one, "--again")).code, 0);
  assertEquals((await valuesOf(`${folder}/stream.db`, "transactions")).length, 60);
  const simulated = [...stream, "--count", "10"];
  assertEquals((await run(...simulated)).stderr.includes("already"), false);
  assertStringIncludes((await run(...simulated)).stderr, "holds transactions of --seed 1 already");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("produce: a signal ends it in good order; wrong usage is exit code 2", async () => {
  const folder = await Deno.makeTempDir();
  await using process = start(
    "--stream",
    `sqlite:${folder}/stream.db`,
    "--count",
    "1000000",
    "--rate",
    "2000",
  );
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  await process.until(async () => (await broker.offsets("transactions"))[0].endOffset > 10, {
    what: "some records",
  });
  process.kill("SIGINT");
  const { code, stdout, stderr } = await process.ended();
  assertEquals(code, 0, stderr);
  const [{ endOffset }] = await broker.offsets("transactions");
  assertStringIncludes(stdout, `produced   ${endOffset} transactions`);
  const usages = [["--count", "0"], ["--fraud-rate", "2"], ["--labels", "some"], ["--rate", "fast"]];
  for (const wrong of [...usages, ["--start", "1969-01-01"], ["--topic", ".."], ["--topic", "a/b"]]) {
    assertEquals((await run("--stream", `sqlite:${folder}/other.db`, ...wrong)).code, 2, wrong.join(" "));
  }
  await Deno.remove(folder, { recursive: true });
});
