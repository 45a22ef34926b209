import { openBroker, openLedger, openObjects } from "./adapters.ts";
import { ownRecords, SHAPES } from "./decode/testing/shapes.ts";
import { openService } from "./service.ts";
import { loadDefinition, openDefinition } from "./stream_definition.ts";
import { assert, assertEquals, assertRejects } from "./testing/assert.ts";
import { verify } from "./verify/verify.ts";

const RECORDS = 120;

/** Consumes records under a definition with embedded engines, verifies, and gives what the ledger says of each record. */
async function consumed(folder: string, values: readonly unknown[], definition: unknown) {
  const file = `${folder}/definition.yaml`;
  await Deno.writeTextFile(file, JSON.stringify(definition));
  using opened = await openDefinition(file);
  const urls = {
    stream: `sqlite:${folder}/stream.db`,
    ledger: `sqlite:${folder}/ledger.db`,
    objects: `file:${folder}/objects`,
  };
  {
    await using broker = await openBroker(urls.stream);
    await broker.ensureTopic("transactions");
    await broker.produce(
      "transactions",
      values.map((value) => ({ key: null, value: value === null ? null : JSON.stringify(value) })),
    );
  }
  {
    await using service = await openService({ ...urls, model: "model", definition: opened }, {
      untilEmpty: true,
    });
    await service.run();
  }
  await using broker = await openBroker(urls.stream);
  await using ledger = await openLedger(urls.ledger);
  await using store = await openObjects(urls.objects);
  const found = await verify({ broker, ledger, store, topic: "transactions", decodeWith: opened.decodeWith });
  assertEquals(found.problems, []);
  const rows = (await Array.fromAsync(ledger.logged("transactions", 0))).flat();
  const summary = await ledger.summary("transactions");
  return {
    rows: rows.map(({ transactionId, amountMinor, timestampMs, anomalyScore, flagged }) => [
      transactionId,
      amountMinor,
      timestampMs,
      anomalyScore,
      flagged,
    ]),
    counts: [summary.scored, summary.deadLetters, summary.passed],
  };
}

Deno.test("openDefinition() gives every shape the verdicts of its twin, and verify agrees", async (t) => {
  const own = ownRecords(RECORDS);
  const [twin] = SHAPES;
  for (const { name, definition, write, passes = () => false } of SHAPES) {
    await t.step(name, async () => {
      const folders = [await Deno.makeTempDir(), await Deno.makeTempDir()];
      const wanted = own.filter((_, i) => !passes(i));
      const foreign = await consumed(folders[0], own.map(write), definition);
      const reference = await consumed(folders[1], wanted, twin.definition);
      assertEquals(foreign.rows, reference.rows);
      assertEquals(foreign.counts, [wanted.length, 0, RECORDS - wanted.length]);
      assert(foreign.rows.length > 0);
      for (const folder of folders) await Deno.remove(folder, { recursive: true });
    });
  }
});

Deno.test("loadDefinition() says which file is not there", async () => {
  await assertRejects(
    () => loadDefinition("nowhere.yaml"),
    Error,
    "Cannot read the stream definition nowhere.yaml: no such file",
  );
});
