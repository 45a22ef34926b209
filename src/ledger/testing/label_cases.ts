/**
 * The part of the ledgers' contract suite that finds transactions by their id and labels them.
 *
 * @module
 */
import { assert, assertEquals } from "../../testing/assert.ts";
import { type GivenLabel, LATER_BY_MS } from "../labels.ts";
import type { Ledger, Outcome } from "../ledger.ts";
import { outcomeOf } from "./outcomes.ts";

/** Registers one test, which gets an open ledger and a topic of its own. */
export type LedgerTest = (name: string, fn: (ledger: Ledger, topic: string) => Promise<void>) => void;

/** An outcome whose transactions have an id of their own, so that other tests of the same ledger do not meet it. */
function outcomeWithIds(topic: string, epoch: number, changes: Partial<Outcome> = {}): Outcome {
  return outcomeOf(topic, [0, 10], epoch, changes, ({ transactionId }) => ({
    transactionId: `${topic}-${transactionId}`,
  }));
}

function labelOf(transactionId: string, changes: Partial<GivenLabel> = {}): GivenLabel {
  return {
    topic: "labels",
    transactionId,
    customerId: "c'1 ß",
    terminalId: "t",
    timestampMs: 1_700_000_000_000,
    z: 1.25,
    isFraud: true,
    labelledAtMs: 1_800_000_000_000,
    labelledBy: "Ann",
    ...changes,
  };
}

/** Registers the cases. */
export function labelCases(test: LedgerTest): void {
  const claim = (ledger: Ledger, topic: string, partition = 0) =>
    ledger.claim(topic, partition, { owner: "a", streamId: "s1" });

  test("find() gives a transaction that is logged, flagged, or both, once", async (ledger, topic) => {
    const { epoch } = await claim(ledger, topic);
    const outcome = outcomeWithIds(topic, epoch);
    await ledger.commit(outcome);
    const [plain, flagged] = [await ledger.find(`${topic}-t1`), await ledger.find(`${topic}-t3`)];
    const { verdict: _, ...common } = outcome.flagged[1];
    assertEquals(flagged, [
      { ...common, topic, partition: 0, flagged: true, logged: true, verdict: outcome.flagged[1].verdict },
    ]);
    assertEquals(plain.length, 1);
    assertEquals(
      [plain[0].offset, plain[0].flagged, plain[0].logged, plain[0].verdict, plain[0].currency],
      [1, false, true, null, "EUR"],
    );
    assertEquals(await ledger.find(`${topic}-t`), []);
    assertEquals(await ledger.find(`' OR 1=1 --`), []);
  });

  test("find() gives every transaction with the id, also where none was logged", async (ledger, topic) => {
    for (const partition of [1, 0]) {
      const { epoch } = await claim(ledger, topic, partition);
      const outcome = outcomeWithIds(topic, epoch, { partition, logMode: "none" });
      await ledger.commit({ ...outcome, log: { ...outcome.log, count: 0 } });
    }
    const found = await ledger.find(`${topic}-t6`);
    assertEquals(
      found.map(({ partition, offset, flagged, logged }) => [partition, offset, flagged, logged]),
      [
        [0, 6, true, false],
        [1, 6, true, false],
      ],
    );
    assertEquals(await ledger.find(`${topic}-t1`), []);
  });

  test("labels.add() keeps the history, and writes nothing where nothing is new", async (ledger, topic) => {
    const { labels } = ledger;
    assertEquals(await labels.history(topic), []);
    const [first] = await labels.add([labelOf(topic)]);
    assertEquals(first, { ...labelOf(topic), labelId: first.labelId, produced: false });
    assertEquals(
      await labels.add([labelOf(topic, { labelledBy: "Bob", labelledAtMs: 1_900_000_000_000 })]),
      [],
    );
    // The answer that replaces another is later than it, whatever the clock says.
    const other = labelOf(topic, { isFraud: false, labelledBy: null, z: null });
    const [second] = await labels.add([other]);
    assert(second.labelId > first.labelId);
    assertEquals(second, {
      ...other,
      labelledAtMs: other.labelledAtMs + LATER_BY_MS,
      labelId: second.labelId,
      produced: false,
    });
    assertEquals(await labels.history(topic), [first, second]);
    const [third] = await labels.add([labelOf(topic)]);
    assertEquals((await labels.history(topic)).map(({ isFraud }) => isFraud), [true, false, true]);
    assert(third.labelledAtMs > second.labelledAtMs);
  });

  test(
    "labels.add() keeps transactions of one id apart by topic, customer, terminal and time",
    async (ledger, topic) => {
      const { labels } = ledger;
      const given = [
        labelOf(topic),
        labelOf(topic, { customerId: "c2" }),
        labelOf(topic, { terminalId: "t2", isFraud: false }),
        labelOf(topic, { timestampMs: 1 }),
        labelOf(topic, { topic: "other" }),
      ];
      assertEquals((await labels.add(given)).map(({ isFraud }) => isFraud), [true, true, false, true, true]);
      assertEquals((await labels.add(given)).length, 0);
      const changed = await labels.add(given.map((label) => ({ ...label, isFraud: true })));
      assertEquals(changed.map(({ terminalId }) => terminalId), ["t2"]);
    },
  );

  test("of labels added at once each is recorded once", async (ledger, topic) => {
    const added = await Promise.all(
      Array.from({ length: 8 }, () => ledger.labels.add([labelOf(topic)])),
    );
    assertEquals(added.flat().length, 1);
    assertEquals((await ledger.labels.history(topic)).length, 1);
  });

  test("labels pend, in order, until they are produced", async (ledger, topic) => {
    const { labels } = ledger;
    const recorded = await labels.add([1, 2, 3].map((n) => labelOf(`${topic}-${n}`)));
    const own = async () =>
      (await labels.pending("labels", 1000)).filter(({ transactionId }) => transactionId.startsWith(topic));
    assertEquals(await own(), recorded);
    await labels.markProduced([recorded[0].labelId, recorded[2].labelId]);
    await labels.markProduced([]);
    assertEquals(await own(), [recorded[1]]);
    assertEquals((await labels.pending("labels", 1)).length, 1);
    assertEquals(await labels.pending(topic, 1), []);
    assertEquals((await labels.history(`${topic}-1`))[0].produced, true);
  });
}
