import type { Alert } from "../alerts/alerts.ts";
import { retry } from "../runtime/retry.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import type { FlaggedTransaction, Ledger } from "../ledger/ledger.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { alertStep } from "./alerts.ts";

/** The part of a ledger that the step uses; its positions outlive a step. */
function ledgerOf(flagged: readonly FlaggedTransaction[]) {
  const positions = new Map<string, number>();
  const ledger: Pick<Ledger, "flaggedAfter" | "position" | "advance"> = {
    flaggedAfter: (_topic, _partition, after, limit) =>
      Promise.resolve(flagged.filter(({ offset }) => offset > after).slice(0, limit)),
    position: (listener) => Promise.resolve(positions.get(listener) ?? -1),
    advance: (listener, _topic, _partition, offset) => Promise.resolve(void positions.set(listener, offset)),
  };
  return ledger as Ledger;
}

const placeOf = (partition: number) => ({ topic: "transactions", partition, epoch: 1 });
const hooks = { onDelivered() {}, onGivenUp() {} };
const flagged = Array.from(
  { length: 1000 },
  (_, i) => ({ offset: i * 3, verdict: `{"offset":${i * 3}}` }),
) as FlaggedTransaction[];

Deno.test("alertStep() tells every alert at least once under the same id, in order, by a listener that fails", async () => {
  let seed = 12345;
  const random = () => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) / 2 ** 32;
  const received: Alert[] = [];
  const sink = {
    // It takes some, or all, and fails before it says so.
    send(alerts: readonly Alert[]) {
      const isFailing = random() < 0.6;
      received.push(
        ...alerts.slice(0, isFailing ? Math.floor(random() * (alerts.length + 1)) : alerts.length),
      );
      return isFailing
        ? Promise.reject(new DeliveryError("Cannot tell: the listener hung up", { retriable: true }))
        : Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const ledger = ledgerOf(flagged);
  for (let owner = 0; owner < 3; owner++) {
    const step = alertStep({ name: "l", sink }, ledger, placeOf(2), hooks);
    // An owner that is killed after a while, and the next one.
    for (let steps = 0; steps < (owner < 2 ? 2 : 1000); steps++) {
      if (await retry(() => step(true)) !== "more") break;
    }
  }
  const verdictOf = new Map(received.map(({ id, verdict }) => [id, verdict]));
  assertEquals(verdictOf.size, flagged.length);
  for (const { offset, verdict } of flagged) assertEquals(verdictOf.get(`transactions/2/${offset}`), verdict);
  const firsts = [...verdictOf.keys()].map((id) => Number(id.split("/")[2]));
  assert(firsts.every((offset, i) => i === 0 || offset > firsts[i - 1]), "out of order");
  assert(received.length > flagged.length, "the listener did not fail");
});

Deno.test("alertStep() keeps a position for each listener", async () => {
  const ledger = ledgerOf(flagged.slice(0, 5));
  const ids: string[] = [];
  const sink = {
    send: (alerts: readonly Alert[]) => Promise.resolve(void ids.push(...alerts.map(({ id }) => id))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  for (const name of ["a", "b"]) {
    const step = alertStep({ name, sink }, ledger, placeOf(0), hooks);
    assertEquals(await step(false), "more");
    assertEquals(await step(false), Infinity);
  }
  assertEquals(ids.length, 10);
  assertEquals(await alertStep({ name: "a", sink }, ledger, placeOf(0), hooks)(false), Infinity);
});
