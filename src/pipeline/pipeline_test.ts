import { ArrayPool } from "../runtime/array_pool.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { loadModel } from "../forest/load.ts";
import { Judge } from "./judge.ts";
import { processBatch } from "./pipeline.ts";
import { openFeatureStage } from "../features/stage.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { makeEmbeddedRun } from "../testing/embedded_run.ts";

async function batchesOf(stream: string): Promise<RecordBatch[]> {
  await using broker = openSqliteBroker(stream);
  const batches: RecordBatch[] = [];
  for await (const batch of broker.read("transactions", 0, { fromOffset: 0, toOffset: 6000 })) {
    // Of many lengths, so that memory is too small now and too large then.
    for (let from = 0, size = 1; from < batch.count; from += size, size = size * 5 % 997) {
      batches.push(sliceBatch(batch, from, Math.min(from + size, batch.count)));
    }
  }
  return batches;
}

for (const logMode of ["all", "flagged", "none"] as const) {
  Deno.test(`processBatch() leaves nothing of the pool in an outcome, logging ${logMode}`, async () => {
    const folder = await Deno.makeTempDir();
    await makeEmbeddedRun(folder, { count: 6000 });
    const model = await loadModel(`${folder}/model`);
    using judge = await Judge.open(model);
    const batches = await batchesOf(`${folder}/stream.db`);
    /** Each batch with a stage and a pool of its own, or all of them, two at a time, with one pool. */
    const outcomes = async (shared?: ArrayPool) => {
      const stages = [0, 1].map(() => openFeatureStage(model.manifest));
      const processed = (batch: RecordBatch, which: number) =>
        processBatch(batch, {
          ...{ judge, logMode },
          stage: stages[which],
          pool: shared ?? new ArrayPool(),
          // Other batches are decoded meanwhile.
          readLabels: () => new Promise((resolve) => setTimeout(resolve, 0)),
        }, 0);
      const made = [];
      for (let i = 0; i < batches.length; i += 2) {
        made.push(...await Promise.all(batches.slice(i, i + 2).map(processed)));
      }
      return made;
    };
    const [expected, actual] = [await outcomes(), await outcomes(new ArrayPool())];
    assertEquals(actual, expected);
    assert(actual.some(({ flagged }) => flagged.length > 0));
    assert(logMode === "none" || actual.some(({ log }) => log.count > 0));
    await Deno.remove(folder, { recursive: true });
  });
}
