import { DeliveryError } from "../runtime/delivery_error.ts";
import { FencedError } from "../ledger/ledger.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { Relay, type RelayStep } from "./relay.ts";
import { StuckError } from "./stuck_error.ts";

/** A relay and what it did: the `finish` of each step, and its failures. */
function started(step: RelayStep) {
  const steps: boolean[] = [];
  const failures: unknown[] = [];
  const giveUp = new AbortController();
  const relay = new Relay((finish) => {
    steps.push(finish);
    return step(finish);
  }, { retry: { signal: giveUp.signal }, onFailure: (error) => failures.push(error) });
  return { relay, steps, failures, giveUp };
}

Deno.test("Relay works while there is more, waits, and goes on when it is told", async () => {
  let left = 3;
  const { relay, steps, failures } = started(() => Promise.resolve(left-- > 0 ? "more" : Infinity));
  await until(() => steps.length === 4);
  left = 1;
  relay.kick();
  await until(() => steps.length === 6);
  assertEquals(steps.includes(true), false);
  left = 0;
  await relay.finish();
  assertEquals([steps.at(-1), failures], [true, []]);
});

Deno.test("Relay looks again after the time that a step asks for", async () => {
  const { relay, steps } = started(() => Promise.resolve(5));
  await until(() => steps.length >= 3);
  await relay.stop();
});

Deno.test("Relay.flush() delivers what is not due, once, and the relay goes on", async () => {
  let due = 2;
  const { relay, steps } = started((finish) => Promise.resolve(finish && due-- > 0 ? "more" : Infinity));
  await until(() => steps.length === 1);
  relay.flush();
  await until(() => steps.length === 4);
  assertEquals(steps, [false, true, true, true]);
  relay.kick();
  await until(() => steps.length === 5);
  assertEquals(steps.at(-1), false);
  await relay.stop();
});

Deno.test("Relay repeats a step that may succeed later", async () => {
  let failing = 3;
  const { relay, failures, steps } = started(() =>
    failing-- > 0
      ? Promise.reject(new DeliveryError("Cannot put the object: 503", { retriable: true }))
      : Promise.resolve(Infinity)
  );
  await until(() => steps.length === 4);
  await relay.finish();
  assertEquals(failures, []);
});

Deno.test("Relay ends in silence when another owner has the partition", async () => {
  const { relay, failures, steps } = started(() => Promise.reject(new FencedError("epoch 2")));
  await relay.finish();
  relay.kick();
  assertEquals([steps.length, failures], [1, []]);
});

Deno.test("Relay reports what it cannot repeat, and ends", async () => {
  for (
    const error of [
      new DeliveryError("Cannot put the object: 403", { retriable: false }),
      new Error("the rows give others now"),
    ]
  ) {
    const { relay, failures, steps } = started(() => Promise.reject(error));
    await relay.finish();
    assertEquals([steps.length, failures], [1, [error]]);
  }
});

Deno.test("Relay ends within a step that fails for ever when it is stopped or there is no more time", async () => {
  for (const end of ["stop", "giveUp"] as const) {
    const failing = () =>
      Promise.reject(new DeliveryError("Cannot put the object: 503", { retriable: true }));
    const { relay, failures, steps, giveUp } = started(failing);
    await until(() => steps.length >= 2);
    if (end === "stop") await relay.stop();
    else {
      giveUp.abort();
      await relay.finish();
    }
    assertEquals(failures, []);
  }
});

Deno.test("Relay.stop() breaks off a step that hangs", async () => {
  const relay = new Relay((_finish, signal) =>
    new Promise((_, reject) => {
      const broken = new DeliveryError("Cannot tell: broken off", { retriable: true });
      signal!.addEventListener("abort", () => reject(broken));
    }), { retry: {}, onFailure: (error) => assertEquals(error, undefined) });
  await relay.stop();
});

Deno.test("Relay.finish() tries what is stuck once more, at once, and reports it", async () => {
  const failures: unknown[] = [];
  let [tries, isFixed] = [0, false];
  const step = () => {
    tries++;
    return isFixed ? Promise.resolve(Infinity) : Promise.reject(new StuckError(["a is there", "b is there"]));
  };
  const open = () =>
    new Relay(step, {
      retry: { baseDelayMs: 600_000, maxDelayMs: 600_000 },
      onFailure: (error) => failures.push(error),
    });
  const stuck = open();
  await until(() => tries === 1);
  await stuck.finish();
  assertEquals([tries, failures.length], [2, 1]);
  assert(failures[0] instanceof StuckError && failures[0].message === "a is there; and 1 more such");
  const mended = open();
  await until(() => tries === 3);
  isFixed = true;
  await mended.finish();
  assertEquals(failures.length, 1);
});
