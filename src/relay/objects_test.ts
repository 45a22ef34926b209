import { DeliveryError } from "../runtime/delivery_error.ts";
import { FencedError, type ObjectCut } from "../ledger/ledger.ts";
import { openDirectory } from "../objects/directory/store.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import {
  drain,
  flaggedAt,
  openObjectRelay as open,
  PARTITION,
  storeWith,
  TOPIC,
} from "./testing/object_relay.ts";
import { ownsObjects } from "./own_objects.ts";
import { StuckError } from "./stuck_error.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { Semaphore } from "../runtime/semaphore.ts";

Deno.test("objectStep() cuts at rows, and what is left waits for its time", async () => {
  await using bench = await open();
  const step = bench.step({ flushRows: 4, flushIntervalMs: 60_000 });
  await bench.commit(6);
  const waitMs = await drain(step);
  assert(waitMs > 50_000 && waitMs <= 60_000, `${waitMs} ms`);
  assertEquals(await bench.objects(), [["hour=00/transactions-0-0.ndjson", 3], [
    "hour=01/transactions-0-30.ndjson",
    1,
  ]]);
  assertEquals(await drain(step, true), Infinity);
  assertEquals(await bench.objects(), [
    ["hour=00/transactions-0-0.ndjson", 3],
    ["hour=01/transactions-0-30.ndjson", 1],
    ["hour=01/transactions-0-40.ndjson", 2],
  ]);
});

Deno.test("objectStep() cuts at the row that reaches the bytes", async () => {
  await using bench = await open();
  await bench.commit(3);
  const { length } = flaggedAt(0).verdict;
  const wait = await drain(bench.step({ flushBytes: length + 2, flushIntervalMs: 60_000 }));
  assert(wait !== Infinity);
  assertEquals(await bench.objects(), [["hour=00/transactions-0-0.ndjson", 2]]);
});

Deno.test("objectStep() cuts when the oldest row has waited long enough", async () => {
  await using bench = await open();
  await bench.commit(2);
  const step = bench.step({ flushIntervalMs: 30 });
  assert(await drain(step) <= 30);
  await until(async () => await drain(step) === Infinity);
  assertEquals(await bench.objects(), [["hour=00/transactions-0-0.ndjson", 2]]);
});

Deno.test("objectStep() makes the same cuts however the rows arrive and whenever it is begun anew", async () => {
  const cutsOf = async (commits: number[], isRestarted: boolean) => {
    await using bench = await open();
    let step = bench.step({ flushRows: 7 });
    for (const count of commits) {
      await bench.commit(count);
      await drain(step);
      if (isRestarted) step = bench.step({ flushRows: 7 });
    }
    await drain(step, true);
    return (await Array.fromAsync(bench.ledger.cuts(TOPIC, PARTITION))).map((
      { key, sha256 },
    ) => [key, sha256]);
  };
  const expected = await cutsOf([40], false);
  assert(expected.length > 6);
  assertEquals(await cutsOf(Array(40).fill(1), false), expected);
  assertEquals(await cutsOf([3, 11, 1, 25], true), expected);
});

/** The object with some methods that do their work and then lose the answer, now and then. */
function losingAnswers<T extends object>(target: T, methods: readonly (keyof T)[], every: number): T {
  let calls = 0;
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target);
      const isLossy = (methods as readonly PropertyKey[]).includes(name);
      if (typeof value !== "function") return value;
      if (!isLossy) return value.bind(target);
      return async (...args: unknown[]) => {
        const result = await value.apply(target, args);
        if (++calls % every !== 0) {
          throw new DeliveryError(`the answer of ${String(name)} was lost`, { retriable: true });
        }
        return result;
      };
    },
  });
}

Deno.test("objectStep() stores each row once where answers are lost after the work was done", async () => {
  await using bench = await open();
  const [whole, lossy] = [await open(), bench];
  await whole.commit(50);
  await drain(whole.step({ flushRows: 6 }), true);
  const ledger = losingAnswers(lossy.ledger, ["recordCuts", "markStored"], 3);
  const store = losingAnswers(lossy.store, ["put"], 2);
  await lossy.commit(50);
  const step = lossy.step({ flushRows: 6 }, { ledger, store });
  await until(async () => await drain(step, true) === Infinity, { what: "everything stored" });
  assertEquals(await lossy.objects(), await whole.objects());
  assertEquals(await lossy.ledger.pendingCuts(TOPIC, PARTITION, 10), []);
  await whole[Symbol.asyncDispose]();
});

Deno.test("objectStep() cuts what was committed between a cut whose answer was lost and its repeat", async () => {
  await using bench = await open();
  const ledger = losingAnswers(bench.ledger, ["recordCuts"], 2);
  await bench.commit(2);
  const step = bench.step({}, { ledger });
  await assertRejects(() => drain(step, true), DeliveryError, "was lost");
  await bench.commit(5);
  await until(async () => await drain(step, true) === Infinity, { what: "everything stored" });
  const rows = (await bench.objects()).reduce((sum, [, count]) => sum + count, 0);
  assertEquals(rows, 7);
});

Deno.test("objectStep() takes over what an earlier owner recorded and did not store", async () => {
  await using bench = await open();
  await bench.commit(8);
  const down = storeWith(bench.store, {
    put: () => Promise.reject(new DeliveryError("503", { retriable: true })),
  });
  await assertRejects(() => drain(bench.step({}, { store: down }), true), DeliveryError, "503");
  const recorded = await bench.ledger.pendingCuts(TOPIC, PARTITION, 10);
  assertEquals(recorded.map(({ rows }: ObjectCut) => rows), [5, 3]);
  const before = bench.step({ flushRows: 1 });
  await bench.claim();
  // The new owner does not cut anew what is cut, whatever its own limits.
  await drain(bench.step({ flushRows: 1 }), true);
  assertEquals((await bench.objects()).map(([, rows]) => rows), [5, 3]);
  // And the old one cannot cut any more.
  await bench.commit(2);
  await assertRejects(() => drain(before, true), FencedError, "epoch");
});

Deno.test("objectStep() leaves another object under its key as it is, and says so", async () => {
  await using bench = await open();
  await bench.commit(2);
  const key = "flagged/dt=1970-01-01/hour=00/transactions-0-0.ndjson";
  await bench.store.make();
  await bench.store.put(key, new TextEncoder().encode("another's"), { sha256: "" });
  const error = await assertRejects(
    () => drain(bench.step({}), true),
    DeliveryError,
    "another object is there",
  );
  // Once it is moved away, the step succeeds.
  assertEquals(error.retriable, true);
  assertEquals(new TextDecoder().decode(await bench.store.get(key)), "another's");
  await bench.store.delete(key);
  await drain(bench.step({}), true);
  assertEquals(await bench.objects(), [["hour=00/transactions-0-0.ndjson", 2]]);
});

Deno.test("objectStep() does not store rows that are not those that were recorded", async () => {
  await using bench = await open();
  await bench.commit(2);
  const bytes = new Uint8Array(10);
  await bench.ledger.recordCuts(TOPIC, PARTITION, bench.epoch, [{
    key: "flagged/x.ndjson",
    topic: TOPIC,
    partition: PARTITION,
    firstOffset: 0,
    lastOffset: 10,
    hourMs: 0,
    format: "ndjson",
    rows: 2,
    byteLength: bytes.length,
    sha256: "0".repeat(64),
  }]);
  const error = await assertRejects(
    () => drain(bench.step({}), true),
    DeliveryError,
    "the rows give others now",
  );
  assert(error instanceof StuckError);
  assertEquals(await bench.objects(), []);
});

Deno.test("objectStep() reads no cut while those in hand leave no room, in an outage neither", async () => {
  await using first = await open();
  await using second = await open();
  const bytes = flaggedAt(0).verdict.length * 2;
  const cutMemory = new Semaphore(bytes);
  const putting = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const failing = storeWith(first.store, {
    async put() {
      putting.resolve();
      await goOn.promise;
      throw new DeliveryError("503", { retriable: true });
    },
  });
  await Promise.all([first.commit(2), second.commit(2)]);
  await first.store.make();
  const step = first.step({}, { store: failing, cutMemory });
  const cutting = drain(step, true);
  await putting.promise;
  const waiting = drain(second.step({}, { cutMemory }), true);
  // The second one counts its rows, and then waits.
  await second.ledger.flaggedAfter(TOPIC, PARTITION, -1, 10);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(await second.ledger.lastCutOffset(TOPIC, PARTITION), -1);
  goOn.resolve();
  await assertRejects(() => cutting, DeliveryError, "503");
  assertEquals(await waiting, Infinity);
  assertEquals((await second.objects()).length, 1);
  // What is recorded and not stored takes its room again.
  using _held = await cutMemory.acquire(1);
  const signal = AbortSignal.abort(new Error("the end"));
  await assertRejects(() => step(true, signal), Error, "the end");
});

/** Stores objects, keeps a copy of the ledger, stores more, and goes back to the copy. */
async function wentBack(kept: number, lost: number) {
  const bench = await open();
  await bench.commit(kept);
  await drain(bench.step({}), true);
  await bench.commit(lost);
  const counted = bench.step({ flushRows: 1_000 });
  // It has counted rows that the ledger is about to lose.
  await drain(counted);
  const copy = bench.copy();
  await bench.commit(lost);
  await drain(bench.step({ flushRows: 7 }), true);
  await bench.restore(copy);
  return bench;
}

Deno.test("objectStep() sets aside the objects of commits that the ledger lost, and cuts their rows anew", async () => {
  await using bench = await wentBack(20, 30);
  const before = (await Array.fromAsync(bench.store.list("flagged/"))).length;
  await bench.claim();
  await bench.commit(30, { note: "scored again" });
  await drain(bench.step({ flushRows: 11 }), true);
  await bench.assertEachRowOnce(80);
  const aside = await Array.fromAsync(bench.store.list("set-aside/"));
  assert(aside.length > 3 && aside.length < before, `${aside.length} of ${before}`);
  assertEquals(aside.map((key) => key.split("/").slice(2).join("/")).toSorted(), bench.setAside.toSorted());
});

Deno.test("objectStep() finds objects of lost commits also where no key of its own is taken", async () => {
  await using bench = await wentBack(20, 30);
  await bench.claim();
  // The first of the rows is not flagged this time.
  await bench.commit(30, { note: "scored again", skip: 1 });
  await drain(bench.step({ flushRows: 100 }), true);
  await bench.assertEachRowOnce(79);
});

Deno.test("objectStep() counts anew where the ledger went back since", async () => {
  await using bench = await open();
  await bench.commit(10);
  const copy = bench.copy();
  await bench.commit(10);
  const step = bench.step({});
  await drain(step);
  await bench.restore(copy);
  const again = bench.step({}, { ledger: bench.ledger });
  await bench.commit(10, { note: "scored again" });
  await drain(again, true);
  await bench.assertEachRowOnce(20);
});

Deno.test("objectStep() goes on with other objects where one is stuck, and says so when nothing else is left", async () => {
  await using bench = await open();
  await bench.store.make();
  await bench.store.put("ledgers/transactions", new TextEncoder().encode("another"), { sha256: "" });
  await bench.commit(9);
  const key = "flagged/dt=1970-01-01/hour=00/transactions-0-0.ndjson";
  await bench.store.put(key, new TextEncoder().encode("another's\n"), { sha256: "" });
  const step = bench.step({ flushRows: 3 });
  await assertRejects(() => drain(step, true), StuckError, "of another ledger");
  await bench.commit(3);
  await assertRejects(() => drain(step, true), StuckError, key);
  assertEquals((await bench.objects()).map(([, rows]) => rows), [1, 3, 3, 3]);
  assertEquals((await bench.ledger.pendingCuts(TOPIC, PARTITION, 10)).map((cut) => cut.key), [key]);
});

Deno.test("objectStep() does not make a folder anew that vanished, and stores what it was to hold once it is back", async () => {
  await using bench = await open();
  await bench.commit(5);
  await drain(bench.step({}), true);
  await Deno.remove(`${bench.folder}/objects`, { recursive: true });
  await bench.commit(5);
  const step = bench.step({});
  const error = await assertRejects(() => drain(step, true), DeliveryError, "vanished");
  assertEquals([error.retriable, await bench.store.isThere()], [true, false]);
  await bench.store.make();
  await assertRejects(() => drain(step, true), DeliveryError, "made anew");
  // This is what `verify --repair` does.
  await using store = openDirectory(`${bench.folder}/objects`);
  assert(await ownsObjects({ ...bench, store }, TOPIC, "repair"));
  await until(async () => await drain(step, true) === Infinity, { what: "everything stored" });
  const cuts = await Array.fromAsync(bench.ledger.cuts(TOPIC, PARTITION));
  const lost = cuts.filter(({ firstOffset }) => firstOffset === 0);
  await bench.ledger.markUnstored(lost.map(({ key }) => key));
  await drain(bench.step({}), true);
  await bench.assertEachRowOnce(10);
  for (const { key, sha256 } of await Array.fromAsync(bench.ledger.cuts(TOPIC, PARTITION))) {
    assertEquals(await sha256Hex((await bench.store.get(key))!), sha256);
  }
});
