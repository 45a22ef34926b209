import { DeliveryError } from "./delivery_error.ts";
import { retry } from "./retry.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { patience } from "../testing/patience.ts";

Deno.test("retry() throws the last error once the deadline has passed, and not much later", async () => {
  const startedAt = performance.now();
  let attempts = 0;
  const down = () => Promise.reject(new Error(`down ${++attempts}`));
  const error = await assertRejects(() =>
    retry(down, { deadlineMs: 100, baseDelayMs: 5, maxDelayMs: 20, retriable: () => true })
  );
  assertEquals(error.message, `down ${attempts}`);
  assert(attempts > 3, `${attempts} attempts`);
  assert(performance.now() - startedAt < patience(1000));
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
  assert(performance.now() - startedAt < patience(5_000));
});

Deno.test("retry() repeats a retriable DeliveryError alone, unless told otherwise", async () => {
  let calls = 0;
  const work = () => {
    calls++;
    return Promise.reject(new DeliveryError("no", { retriable: false }));
  };
  await assertRejects(() => retry(work), DeliveryError, "no");
  assertEquals(calls, 1);
});

Deno.test("retry() gives up on the signal with the last error, and tells of failures and recovery", async () => {
  const ending = new AbortController();
  let failures = 0;
  const never = () => Promise.reject(new DeliveryError("later", { retriable: true }));
  const onRetry = () => {
    if (++failures === 3) ending.abort();
  };
  await assertRejects(() => retry(never, { signal: ending.signal, onRetry }), DeliveryError, "later");
  assertEquals(failures, 3);

  const told: string[] = [];
  await retry(() => told.length === 0 ? never() : Promise.resolve(), {
    onRetry: (error) => told.push(error.message),
    onRecovered: () => told.push("recovered"),
  });
  assertEquals(told, ["later", "recovered"]);
});

Deno.test("retry() waits at least as long as the other side asks", async () => {
  const startedAt = performance.now();
  let calls = 0;
  await retry(
    () =>
      ++calls === 1
        ? Promise.reject(new DeliveryError("Cannot tell: 429", { retriable: true, retryAfterMs: 150 }))
        : Promise.resolve(),
    { maxDelayMs: 1 },
  );
  assert(performance.now() - startedAt >= 149);
});
