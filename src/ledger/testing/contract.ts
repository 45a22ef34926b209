/**
 * What every ledger adapter must do, as tests that anyone can run against an adapter of their own.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { alertStateCases } from "./alert_state_cases.ts";
import { labelCases } from "./label_cases.ts";
import { lossCases } from "./loss_cases.ts";
import { FencedError, type Ledger, type ObjectCut } from "../ledger.ts";
import { outboxCases } from "./outbox_cases.ts";
import { outcomeOf } from "./outcomes.ts";

/** How to run the suite. */
export interface LedgerContractOptions {
  /** Opens the ledger; called several times in one test, each time for the same ledger. */
  open(): Promise<Ledger>;
  skip?: string;
}

function cut(topic: string, [firstOffset, lastOffset]: [number, number], hour: number): ObjectCut {
  const key = `flagged/hour=${hour}/${topic}-0-${firstOffset}.ndjson`;
  return {
    key,
    topic,
    partition: 0,
    firstOffset,
    lastOffset,
    hourMs: hour * 3_600_000,
    format: "ndjson",
    rows: 2,
    byteLength: 5_000_000_000,
    sha256: "ab",
  };
}

/** Registers the suite under a name. */
export function ledgerContract(adapter: string, options: LedgerContractOptions): void {
  const test = (name: string, fn: (ledger: Ledger, topic: string) => Promise<void>) =>
    Deno.test({
      name: `${adapter}: ${name}${options.skip ? ` (skipped: ${options.skip})` : ""}`,
      ignore: options.skip !== undefined,
      sanitizeResources: false,
      sanitizeOps: false,
      async fn() {
        await using ledger = await options.open();
        await fn(ledger, `t-${crypto.randomUUID()}`);
      },
    });
  const claim = (ledger: Ledger, topic: string, owner = "a") =>
    ledger.claim(topic, 0, { owner, streamId: "s1" });
  const logged = async (ledger: Ledger, topic: string) => {
    return (await Array.fromAsync(ledger.logged(topic, 0))).flat().map(({ offset }) => offset);
  };

  test("commit() writes all of an outcome, once", async (ledger, topic) => {
    const first = await claim(ledger, topic);
    assertEquals([first.nextOffset, first.snapshot, first.ranges], [undefined, undefined, []]);
    const outcome = outcomeOf(topic, [5, 105], first.epoch);
    await ledger.commit(outcome);
    // The answer was lost and the same commit comes again.
    await ledger.commit(outcome);
    assertEquals(await logged(ledger, topic), [...outcome.log.offset]);
    assertEquals(await ledger.flaggedAfter(topic, 0, -1, 1000), outcome.flagged);
    const rows = (await Array.fromAsync(ledger.logged(topic, 0))).flat().filter((row) => row.flagged);
    assertEquals(rows, outcome.flagged.map(({ verdict: _, ...row }) => ({ ...row, flagged: true })));
    assertEquals(await ledger.deadLettersAfter(topic, 0, -1, 1000), outcome.deadLetters);
    const summary = await ledger.summary(topic);
    assertEquals(
      [summary.scored, summary.flagged, summary.deadLetters, summary.latencyP50Ms, summary.latencyP99Ms],
      [outcome.scored, outcome.flagged.length, outcome.deadLetters.length, 100, 100],
    );
    assertEquals((await ledger.partitions()).filter((each) => each.topic === topic), [
      { topic, partition: 0, nextOffset: 105 },
    ]);
    assertEquals((await claim(ledger, topic)).nextOffset, 105);
  });

  test(
    "commit() is refused under an old epoch, and from another offset, and then writes nothing",
    async (ledger, topic) => {
      const old = await claim(ledger, topic, "a");
      await ledger.commit(outcomeOf(topic, [0, 10], old.epoch));
      await using second = await options.open();
      const current = await claim(second, topic, "b");
      assert(current.epoch > old.epoch);
      await assertRejects(() => ledger.commit(outcomeOf(topic, [10, 20], old.epoch)), FencedError, "epoch");
      await assertRejects(
        () => second.commit(outcomeOf(topic, [0, 20], current.epoch)),
        FencedError,
        "offset",
      );
      await assertRejects(() => second.commit(outcomeOf(topic, [12, 20], current.epoch)), FencedError);
      assertEquals(await logged(ledger, topic), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      await second.commit(outcomeOf(topic, [10, 20], current.epoch));
      // The old owner commits the very stretch that the new one did: not its own.
      await assertRejects(() => ledger.commit(outcomeOf(topic, [10, 20], old.epoch)), FencedError);
      assertEquals((await logged(ledger, topic)).length, 18);
    },
  );

  test(
    "commit() takes any time that a record may have, and the ledger stays readable",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const times = [1.7e18, -1.7e18, 2 ** 63, -(2 ** 63), 2 ** 53, 0, -1, 1.5, NaN, Infinity, -Infinity];
      const outcome = outcomeOf(topic, [0, 120], epoch);
      const producedAtMs = outcome.log.producedAtMs.map((_, row) => times[row % times.length]);
      const deadLetters = outcome.deadLetters.map((each, i) => ({
        ...each,
        producedAtMs: times[i % times.length],
      }));
      await ledger.commit({ ...outcome, log: { ...outcome.log, producedAtMs }, deadLetters });
      assertEquals(await logged(ledger, topic), [...outcome.log.offset]);
      assertEquals((await ledger.find("t0")).length > 0, true);
      const kept = (await ledger.deadLettersAfter(topic, 0, -1, 100)).map((each) => each.producedAtMs);
      const most = 8.64e15;
      assertEquals(kept.slice(0, times.length), [most, -most, most, -most, most, 0, -1, 1, -1, most, -most]);
      const { scored, latencyP50Ms } = await ledger.summary(topic);
      assertEquals([scored, Math.abs(latencyP50Ms) < 2 ** 53], [outcome.scored, true]);
    },
  );

  test("commit() that fails half-way leaves nothing behind", async (ledger, topic) => {
    const { epoch } = await claim(ledger, topic);
    const outcome = outcomeOf(topic, [0, 50], epoch);
    const twice = [...outcome.flagged, outcome.flagged[0]];
    await assertRejects(() => ledger.commit({ ...outcome, flagged: twice }));
    assertEquals(await logged(ledger, topic), []);
    assertEquals((await ledger.summary(topic)).scored, 0);
    await ledger.commit(outcome);
    assertEquals((await ledger.summary(topic)).scored, outcome.scored);
  });

  test("of two owners that commit at once only one can", async (ledger, topic) => {
    await using second = await options.open();
    const { epoch } = await claim(ledger, topic);
    const results = await Promise.allSettled([
      ledger.commit(outcomeOf(topic, [0, 30], epoch)),
      second.commit(outcomeOf(topic, [0, 40], epoch)),
    ]);
    assertEquals(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const refused = results.find((result) => result.status === "rejected");
    assert(refused?.reason instanceof FencedError);
  });

  test(
    "claim() gives the newest snapshot and what was committed after it, range by range",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const snapshot = new Uint8Array([0, 255, 1, 2]);
      await ledger.commit(outcomeOf(topic, [0, 10], epoch, { labelOffsets: [1, 0] }));
      await ledger.commit(outcomeOf(topic, [10, 20], epoch, { labelOffsets: [1, 0], snapshot }));
      await ledger.commit(outcomeOf(topic, [20, 30], epoch, { labelOffsets: [1, 0] }));
      await ledger.commit(outcomeOf(topic, [30, 40], epoch, { labelOffsets: [2, 5] }));
      await ledger.commit(outcomeOf(topic, [40, 50], epoch, { labelOffsets: [2, 5], model: "m2" }));
      const taken = await claim(ledger, topic, "b");
      assertEquals(taken.snapshot, { nextOffset: 20, bytes: snapshot });
      assertEquals(taken.nextOffset, 50);
      assertEquals(
        taken.ranges.map(({ firstOffset, nextOffset, labelOffsets, model, scored }) => [
          firstOffset,
          nextOffset,
          labelOffsets,
          model,
          scored,
        ]),
        [[0, 30, [1, 0], "m1", 27], [30, 40, [2, 5], "m1", 9], [40, 50, [2, 5], "m2", 9]],
      );
      assertEquals(await Array.fromAsync(ledger.ranges(topic, 0)), taken.ranges);
    },
  );

  test(
    "keepSnapshot() replaces the snapshot, for the owner and what is committed alone",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const snapshot = new Uint8Array([1]);
      await ledger.commit(outcomeOf(topic, [0, 10], epoch, { snapshot }));
      await ledger.commit(outcomeOf(topic, [10, 20], epoch));
      const place = { topic, partition: 0, epoch };
      await assertRejects(() => ledger.keepSnapshot(place, 21, snapshot), FencedError);
      const bytes = new Uint8Array(3_000_000).fill(7);
      await ledger.keepSnapshot(place, 15, bytes);
      const taken = await claim(ledger, topic, "b");
      assertEquals([taken.snapshot?.nextOffset, taken.ranges.length], [15, 1]);
      assertEquals(taken.snapshot?.bytes.length, bytes.length);
      await assertRejects(() => ledger.keepSnapshot(place, 20, snapshot), FencedError);
      assertEquals((await ledger.queries.snapshot(topic, 0))?.nextOffset, 15);
    },
  );

  test("claim() refuses a topic of another stream", async (ledger, topic) => {
    await claim(ledger, topic);
    await assertRejects(() => ledger.claim(topic, 0, { owner: "a", streamId: "s2" }), Error, "another");
  });

  test(
    "the outbox pages through, positions only move forward, delivered dead letters lose their bytes",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const outcome = outcomeOf(topic, [0, 100], epoch);
      await ledger.commit(outcome);
      assertEquals(
        await ledger.flaggedAfter(topic, 0, outcome.flagged[4].offset, 3),
        outcome.flagged.slice(5, 8),
      );
      assertEquals(await ledger.position("console", topic, 0), -1);
      await ledger.advance("console", topic, 0, 40);
      await ledger.advance("console", topic, 0, 30);
      await ledger.advance("webhook", topic, 0, 7);
      assertEquals(await ledger.position("console", topic, 0), 40);
      assertEquals(await ledger.position("webhook", topic, 0), 7);
      await ledger.forgetDeadLetters(topic, 0, 49);
      const letters = await ledger.deadLettersAfter(topic, 0, -1, 100);
      assertEquals(letters.map(({ value }) => value === null), letters.map(({ offset }) => offset <= 49));
      assertEquals(letters.map(({ detail }) => detail), outcome.deadLetters.map(({ detail }) => detail));
    },
  );

  test(
    "cuts are recorded under the owner's epoch only, and pend until they are stored",
    async (ledger, topic) => {
      const old = await claim(ledger, topic);
      await ledger.commit(outcomeOf(topic, [0, 20], old.epoch));
      assertEquals(await ledger.lastCutOffset(topic, 0), -1);
      await assertRejects(
        () => ledger.recordCuts(topic, 0, old.epoch, [cut(topic, [0, 20], 5)]),
        FencedError,
        "next offset 20",
      );
      const cuts = [cut(topic, [0, 9], 5), cut(topic, [0, 9], 6), cut(topic, [10, 19], 5)];
      cuts[1].key += "-6";
      await ledger.recordCuts(topic, 0, old.epoch, cuts);
      assertEquals(await ledger.lastCutOffset(topic, 0), 19);
      assertEquals(await ledger.pendingCuts(topic, 0, 10), cuts);
      assertEquals(await ledger.pendingCuts(topic, 0, 2), cuts.slice(0, 2));
      await ledger.markStored([cuts[0].key, cuts[2].key]);
      assertEquals(await ledger.pendingCuts(topic, 0, 10), [cuts[1]]);
      await claim(ledger, topic, "b");
      await assertRejects(
        () => ledger.recordCuts(topic, 0, old.epoch, [cut(topic, [20, 29], 7)]),
        FencedError,
      );
      const all = await Array.fromAsync(ledger.cuts(topic, 0));
      assertEquals(all.map(({ stored }) => stored), all.map(({ key }) => key !== cuts[1].key));
      const { objects, objectsStored } = await ledger.summary(topic);
      assertEquals([objects, objectsStored], [3, 2]);
      assertEquals((await ledger.lastStored(topic))?.key, cuts[2].key);
      assert(await ledger.lastStored() !== undefined);
      await ledger.markUnstored([cuts[2].key, "absent"]);
      assertEquals(await ledger.pendingCuts(topic, 0, 10), cuts.slice(1));
      assertEquals((await ledger.lastStored(topic))?.key, cuts[0].key);
      assertEquals(await ledger.lastStored("absent"), undefined);
    },
  );

  test("id() is the same from every opening, and no other ledger's", async (ledger) => {
    await using again = await options.open();
    const id = await ledger.id();
    assert(id.length >= 32);
    assertEquals(await again.id(), id);
  });

  test("a cut's key is recorded once", async (ledger, topic) => {
    const { epoch } = await claim(ledger, topic);
    await ledger.commit(outcomeOf(topic, [0, 10], epoch));
    await ledger.recordCuts(topic, 0, epoch, [cut(topic, [0, 9], 5)]);
    await assertRejects(() => ledger.recordCuts(topic, 0, epoch, [cut(topic, [0, 9], 5)]));
  });

  test("partitions are apart, and offsets beyond 2^31 are exact", async (ledger, topic) => {
    const one = await ledger.claim(topic, 1, { owner: "a", streamId: "s1" });
    const two = await ledger.claim(topic, 2, { owner: "b", streamId: "s1" });
    const far = 5_000_000_000;
    await ledger.commit({ ...outcomeOf(topic, [far, far + 20], one.epoch), partition: 1 });
    await ledger.commit({
      ...outcomeOf(topic, [0, 10], two.epoch),
      partition: 2,
      logMode: "none",
      log: { ...outcomeOf(topic, [0, 0], 1).log },
    });
    assertEquals((await ledger.flaggedAfter(topic, 1, far, 100))[0].offset % 3, 0);
    const known = (await ledger.partitions()).filter((each) => each.topic === topic);
    assertEquals(known.map(({ partition, nextOffset }) => [partition, nextOffset]), [[1, far + 20], [2, 10]]);
    assertEquals(await Array.fromAsync(ledger.logged(topic, 2)), []);
  });

  labelCases(test);
  alertStateCases(test);
  outboxCases(test);
  lossCases(test);
}
