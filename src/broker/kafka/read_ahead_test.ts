import { assertEquals } from "../../testing/assert.ts";
import { until } from "../../testing/until.ts";
import type { ClusterLink } from "./cluster_link.ts";
import { HeldPartition, ReadAhead } from "./read_ahead.ts";

const MINUTE_MS = 60_000;

Deno.test("ReadAhead gives up on a partition only where it was owed records for all that time", async () => {
  let aheadMs = 0;
  const now = performance.now.bind(performance);
  performance.now = () => now() + aheadMs;
  try {
    const ending = new AbortController();
    const held = [0, 1].map((partition) => Object.assign(new HeldPartition(partition), { isReady: true }));
    const failures: { isRetriable: boolean }[] = [];
    const asked: number[] = [];
    let answer = Promise.withResolvers<void>();
    const link = {
      topic: "transactions",
      cluster: { limits: { giveUpMs: 5 * MINUTE_MS } },
      leaders: () => Promise.resolve(new Map([[0, 7], [1, 7]])),
      async fetch(_node: number, { partitions }: { partitions: { partition: number }[] }) {
        asked.push(partitions[0].partition);
        await answer.promise;
        answer = Promise.withResolvers();
        // Neither gives records, as where those of another have filled the answer.
        return partitions.map(({ partition }) => ({
          partition,
          errorCode: 0,
          endOffset: 10,
          aborted: [],
          records: new Uint8Array(),
        }));
      },
      succeeded() {},
      recover(error: { retriable: boolean }) {
        failures.push({ isRetriable: error.retriable });
        return Promise.resolve();
      },
    };
    const reading = new ReadAhead(link as unknown as ClusterLink, {
      held: () => held,
      onChange() {},
      onFailure() {},
      signal: ending.signal,
    });
    const answered = async (afterMs: number) => {
      const { length } = asked;
      aheadMs += afterMs;
      answer.resolve();
      await until(() => asked.length > length, { what: "the next fetch" });
    };
    reading.pump();
    await until(() => asked.length === 1, { what: "the first fetch" });
    // The caller had no room for an hour: nothing was owed meanwhile, and what is not asked for first is not owed yet.
    await answered(60 * MINUTE_MS);
    await answered(0);
    assertEquals([asked, failures], [[0, 1, 0], []]);
    await answered(MINUTE_MS);
    assertEquals(failures, [{ isRetriable: true }]);
    await answered(5 * MINUTE_MS);
    assertEquals(failures.at(-1), { isRetriable: false });
    ending.abort();
    answer.resolve();
  } finally {
    performance.now = now;
  }
});
