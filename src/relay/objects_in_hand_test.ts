import { DeliveryError } from "../runtime/delivery_error.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { assertEquals, assertRejects } from "../testing/assert.ts";
import { drain, openObjectRelay, PARTITION, storeWith, TOPIC } from "./testing/object_relay.ts";

/** The same, calls being told of before they are made. */
function watched<T extends object>(target: T, onCall: (name: string, args: unknown[]) => void): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        onCall(String(name), args);
        return value.apply(target, args);
      };
    },
  });
}

/** A ledger that reports its calls; those of its outbox have a prefix. */
function watchedLedger(ledger: Ledger, onCall: (name: string, args: unknown[]) => void): Ledger {
  const outbox = watched(ledger.outbox, (name, args) => onCall(`outbox.${name}`, args));
  const calls = watched(ledger, onCall);
  return new Proxy(calls, { get: (_, name) => name === "outbox" ? outbox : Reflect.get(calls, name) });
}

Deno.test("objectStep() writes what it recorded just now from memory, without asking the ledger again", async () => {
  await using relay = await openObjectRelay();
  await relay.commit(700);
  const calls: string[] = [];
  const ledger = watchedLedger(relay.ledger, (name) => calls.push(name));
  const step = relay.step({ flushRows: 700 }, { ledger });
  // A new owner looks once for what an earlier one left.
  await drain(step);
  assertEquals(calls.filter((name) => name === "pendingCuts").length, 1);
  const afterRecord = calls.slice(calls.indexOf("recordCuts") + 1);
  // Once, it asks whose the objects in the store are.
  const others = afterRecord.filter((name) => !["markStored", "id", "lastStored"].includes(name));
  assertEquals(others, ["outbox.sizesAfter"]);
  assertEquals(await relay.ledger.pendingCuts(TOPIC, PARTITION, 1), []);
});

Deno.test("objectStep() writes as many objects at one time as the store asks for", async () => {
  await using relay = await openObjectRelay();
  await relay.commit(1500, { hours: 50 });
  let [putting, most] = [0, 0];
  const store = storeWith(relay.store, {
    concurrentPuts: 7,
    async put(...args) {
      most = Math.max(most, ++putting);
      try {
        return await relay.store.put(...args);
      } finally {
        putting--;
      }
    },
  });
  await drain(relay.step({}, { store }), true);
  assertEquals([(await relay.objects()).length, most], [50, 7]);
});

Deno.test("objectStep() that is cut off among many objects goes on from those that are marked, with the same bytes", async () => {
  await using whole = await openObjectRelay();
  await using cutOff = await openObjectRelay();
  for (const relay of [whole, cutOff]) await relay.commit(1800, { hours: 600 });
  await drain(whole.step({}), true);
  // One of them is the mark that says whose the objects are.
  let left = 401;
  const store = storeWith(cutOff.store, {
    put: (...args) =>
      left-- > 0 ? cutOff.store.put(...args) : Promise.reject(new DeliveryError("503", { retriable: true })),
  });
  await cutOff.store.make();
  await assertRejects(() => drain(cutOff.step({}, { store }), true), DeliveryError, "503");
  // All that was stored is marked, although the cut is not done.
  assertEquals((await cutOff.ledger.pendingCuts(TOPIC, PARTITION, 1000)).length, 200);
  const repeated: string[] = [];
  const reads: unknown[][] = [];
  await cutOff.claim();
  const next = cutOff.step({}, {
    store: watched(cutOff.store, (name, [key]) => name === "put" && repeated.push(String(key))),
    ledger: watchedLedger(
      cutOff.ledger,
      (name, args) => name.startsWith("outbox.") && reads.push([name, ...args]),
    ),
  });
  await drain(next, true);
  assertEquals(new Set(repeated).size, 200);
  // The rows of the cut are read once; the other read finds that nothing came since.
  assertEquals(reads.map(([name]) => name), ["outbox.byHour", "outbox.sizesAfter"]);
  const keys = await Array.fromAsync(whole.store.list("flagged/"));
  assertEquals(await Array.fromAsync(cutOff.store.list("flagged/")), keys);
  for (const key of keys) assertEquals(await cutOff.store.get(key), await whole.store.get(key));
});
