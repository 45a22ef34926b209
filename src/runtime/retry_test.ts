import { retry } from "./retry.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";

Deno.test("retry() throws the last error once the deadline has passed, and not much later", async () => {
  const startedAt = performance.now();
  let attempts = 0;
  const down = () => Promise.reject(new Error(`down ${++attempts}`));
  const error = await assertRejects(() =>
    retry(down, { deadlineMs: 100, baseDelayMs: 5, maxDelayMs: 20, retriable: () => true })
  );
  assertEquals(error.message, `down ${attempts}`);
  assert(attempts > 3, `${attempts} attempts`);
  assert(performance.now() - startedAt < 1000);
});

Deno.test("retry() does not repeat what may not be repeated, and tells of what it repeats", async () => {
  const told: number[] = [];
  const attempt = (number: number) => Promise.reject(new Error(number < 3 ? "busy" : "forbidden"));
  const error = await assertRejects(() =>
    retry(attempt, {
      baseDelayMs: 1,
      retriable: (error) => (error as Error).message === "busy",
      onRetry: (_, number) => told.push(number),
    })
  );
  assertEquals([error.message, told], ["forbidden", [1, 2]]);
});

Deno.test("retry() ends its wait when it is told to", async () => {
  const ending = new AbortController();
  const startedAt = performance.now();
  const down = () => Promise.reject(new Error("down"));
  const retrying = retry(down, {
    deadlineMs: 60_000,
    baseDelayMs: 50_000,
    maxDelayMs: 50_000,
    signal: ending.signal,
    retriable: () => true,
    onRetry: () => queueMicrotask(() => ending.abort()),
  });
  await assertRejects(() => retrying, Error, "down");
  assert(performance.now() - startedAt < 5_000);
});
