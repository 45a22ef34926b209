import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { deliver } from "./deliver.ts";
import { DeliveryError } from "./delivery_error.ts";

Deno.test("deliver() does not repeat what is not retriable", async () => {
  let calls = 0;
  const work = () => {
    calls++;
    return Promise.reject(new DeliveryError("no", { retriable: false }));
  };
  await assertRejects(() => deliver(work), DeliveryError, "no");
  assertEquals(calls, 1);
});

Deno.test("deliver() gives up on the signal with the last error, and tells of failures and recovery", async () => {
  const ending = new AbortController();
  let failures = 0;
  const never = () => Promise.reject(new DeliveryError("later", { retriable: true }));
  const onRetry = () => {
    if (++failures === 3) ending.abort();
  };
  await assertRejects(() => deliver(never, { signal: ending.signal, onRetry }), DeliveryError, "later");
  assertEquals(failures, 3);

  const told: string[] = [];
  await deliver(() => told.length === 0 ? never() : Promise.resolve(), {
    onRetry: (error) => told.push(error.message),
    onRecovered: () => told.push("recovered"),
  });
  assertEquals(told, ["later", "recovered"]);
});

Deno.test("deliver() waits at least as long as the other side asks", async () => {
  const startedAt = performance.now();
  let calls = 0;
  await deliver(
    () =>
      ++calls === 1
        ? Promise.reject(new DeliveryError("Cannot tell: 429", { retriable: true, retryAfterMs: 150 }))
        : Promise.resolve(),
    { maxDelayMs: 1 },
  );
  assert(performance.now() - startedAt >= 149);
});
