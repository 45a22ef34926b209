/**
 * The proof that a run's records are in the stream: each one, once.
 *
 * @module
 */
import type { Broker, PartitionOffsets } from "../broker/broker.ts";
import { RUN_HEADER } from "../broker/packed_records.ts";
import { pause, retry } from "../runtime/retry.ts";

const LOOK_AGAIN_MS = 500;
/** How long the stream may be away while it is read back. */
const OUTAGE_MS = 120_000;

/** Which records are looked for. */
export interface ProducedRun {
  topic: string;
  /** Id that `produce` marked them with. */
  run: string;
  /** Number of records produced. */
  count: number;
  /** Offsets of the topic before the first of them. */
  before: readonly PartitionOffsets[];
  /** How long to look again for records that are not there, ms: a new leader may show the newest late (default 15,000). */
  patienceMs?: number;
}

/** What was found of a run; a run is proven if all is 0. */
export interface RunProof {
  missing: number;
  /** Copies beyond the first. */
  doubled: number;
  /** Records that are not there, of partitions whose oldest records were deleted meanwhile: perhaps these. */
  unknown: number;
}

/**
 * Reads back what lies behind the offsets before the run, and counts its records.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite/broker.ts";
 * import { produceEvents, runOf } from "./produce.ts";
 * import { proveRun } from "./prove_run.ts";
 * import { simulate } from "./simulate.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await broker.ensureTopic("t");
 * const before = await broker.offsets("t");
 * const events = simulate({ randomSeed: 1, start: new Date("2026-01-01"), count: 100, labels: "none" });
 * await produceEvents(broker, events, { topic: "t", labelTopic: "l", run: "r1" });
 * const proof = await proveRun(broker, {
 *   ...{ topic: "t", run: runOf("r1", "transactions"), count: 100, before },
 * });
 * assertEquals(proof, { missing: 0, doubled: 0, unknown: 0 });
 * ```
 */
export async function proveRun(
  broker: Broker,
  { topic, run, count, before, patienceMs = 15_000 }: ProducedRun,
): Promise<RunProof> {
  const prefix = `${run}/`;
  const seen = new Uint8Array(Math.ceil(count / 8));
  let [found, doubled] = [0, 0];
  const take = (mark: string | undefined) => {
    if (mark === undefined || !mark.startsWith(prefix)) return;
    const number = Number(mark.slice(prefix.length));
    const bit = 1 << (number & 7);
    if (number >= count || (seen[number >>> 3] & bit) !== 0) doubled++;
    else found++;
    seen[number >>> 3] |= bit;
  };
  const from = new Map(before.map(({ partition, endOffset }) => [partition, endOffset]));
  const read = new Map(from);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const offsets = await retry(() => broker.offsets(topic), { deadlineMs: OUTAGE_MS });
    const isTrimmed = offsets.some(({ partition, startOffset }) => startOffset > (from.get(partition) ?? 0));
    for (const { partition, startOffset } of offsets) {
      const fromOffset = Math.max(startOffset, read.get(partition) ?? 0);
      for await (const batch of broker.read(topic, partition, { fromOffset })) {
        for (let i = 0; i < batch.count; i++) take(batch.headers(i)[RUN_HEADER]);
        read.set(partition, batch.nextOffset);
      }
    }
    const absent = count - found;
    if (absent === 0 || isTrimmed || performance.now() > deadline) {
      return { missing: isTrimmed ? 0 : absent, doubled, unknown: isTrimmed ? absent : 0 };
    }
    await pause(LOOK_AGAIN_MS, undefined);
  }
}
