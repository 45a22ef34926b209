import { assertEquals } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { GroupOffsets } from "./group_offsets.ts";

Deno.test("GroupOffsets tells the first commit at once and the last of the others within a second", async () => {
  const told: [number, number][] = [];
  const offsets = new GroupOffsets({
    commitOffset: (partition, nextOffset) => Promise.resolve(void told.push([partition, nextOffset])),
  }, (_, error) => {
    throw error;
  });
  for (const nextOffset of [10, 20, 30]) offsets.committed(0, nextOffset);
  assertEquals(told[0], [0, 10]);
  await until(() => told.at(-1)?.[1] === 30);
  await offsets.flush();
});

Deno.test("GroupOffsets.flush() tells what waits, but of partitions that were lost", async () => {
  const told = new Map<number, number>();
  const offsets = new GroupOffsets({
    commitOffset: (partition, nextOffset) => Promise.resolve(void told.set(partition, nextOffset)),
  }, (_, error) => {
    throw error;
  });
  offsets.committed(9, 1);
  for (const partition of [0, 1, 2]) offsets.committed(partition, 5 + partition);
  offsets.forget(1);
  await offsets.flush();
  assertEquals([...told], [[9, 1], [0, 5], [2, 7]]);
});

Deno.test("GroupOffsets hears of what was not told and tells of the next commit", async () => {
  const failures: string[] = [];
  const told: number[] = [];
  const offsets = new GroupOffsets({
    commitOffset: (_, nextOffset) => {
      told.push(nextOffset);
      return nextOffset === 10 ? Promise.reject(new Error("the coordinator moved")) : Promise.resolve();
    },
  }, (partition, error) => failures.push(`${partition}: ${error.message}`));
  offsets.committed(3, 10);
  await offsets.flush();
  offsets.committed(3, 20);
  await offsets.flush();
  assertEquals([told, failures], [[10, 20], ["3: the coordinator moved"]]);
});
