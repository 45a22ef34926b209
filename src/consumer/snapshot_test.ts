import { DatabaseSync } from "node:sqlite";
import { openAlone } from "../http/alone.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { makeEmbeddedRun, openEmbedded } from "../testing/embedded_run.ts";
import { unpackSnapshot } from "./snapshot.ts";

async function consume(folder: string, untilOffset = Infinity) {
  const lines: string[] = [];
  const telemetry = createTelemetry({ write: (line) => lines.push(line) });
  const stopping = new AbortController();
  await using service = await openEmbedded(folder, { telemetry });
  await service.run({
    untilEmpty: true,
    maxBatchRecords: 100,
    snapshotRecords: 500,
    signal: stopping.signal,
    onCommit: ({ nextOffset }) => nextOffset >= untilOffset && stopping.abort(),
  });
  return { lines, damaged: telemetry.counters().get("snapshots_damaged") ?? 0 };
}

/** Scores by offset. */
async function scores(folder: string): Promise<[number, number][]> {
  await using ledger = openSqliteLedger(`${folder}/ledger.db`);
  const rows = (await Array.fromAsync(ledger.logged("transactions", 0))).flat();
  return rows.map(({ offset, anomalyScore }) => [offset, anomalyScore]);
}

Deno.test("PartitionState makes the history anew where a bit of the snapshot was flipped, with the same scores", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 2000 });
  await consume(folder, 1200);
  const half = await Deno.readFile(`${folder}/ledger.db`);
  await consume(folder);
  const expected = await scores(folder);
  for (const where of ["length", "label offset", "quote", "state"]) {
    for (const end of ["-wal", "-shm", ""]) await Deno.remove(`${folder}/ledger.db${end}`).catch(() => {});
    await Deno.writeFile(`${folder}/ledger.db`, half);
    const database = new DatabaseSync(`${folder}/ledger.db`);
    const bytes = database.prepare("SELECT bytes FROM snapshot").get()!.bytes as Uint8Array;
    const header = new TextDecoder().decode(bytes.subarray(4, 400));
    const at = {
      "length": 0,
      "label offset": 4 + header.indexOf("[") + 1,
      "quote": 4,
      "state": bytes.length - 100,
    }[where]!;
    bytes[at] ^= 1;
    database.prepare("UPDATE snapshot SET bytes = ?").run(bytes);
    database.close();
    if (where === "state") {
      const said: string[] = [];
      const telemetry = createTelemetry({ write: (line) => said.push(line) });
      await using ledger = openSqliteLedger(`${folder}/ledger.db`);
      const parts = { ledger, model: `${folder}/model`, topic: "transactions", stateless: false, telemetry };
      using _ = await openAlone({}, parts);
      assert(said.some((line) => line.includes("is damaged")), said.join());
    }
    const { lines, damaged } = await consume(folder);
    assertEquals(damaged, 1, `${where}: ${lines}`);
    assert(lines.some((line) => line.includes("is damaged, so the history is made anew")), lines.join());
    assertEquals(await scores(folder), expected, where);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("unpackSnapshot() reads snapshots of older versions, whose header has no checksum", () => {
  const json = '{"stateId":"a","labelOffsets":[3]} ';
  const bytes = new Uint8Array(4 + json.length + 8);
  bytes[0] = json.length;
  bytes.set(new TextEncoder().encode(json), 4);
  const [header, state] = unpackSnapshot(bytes);
  assertEquals([header.labelOffsets, state.length], [[3], 8]);
});
