/**
 * The part of the ledgers' contract suite that finds transactions by their id and labels them.
 *
 * @module
 */
import { assert, assertEquals } from "../../testing/assert.ts";
import { type GivenLabel, LATER_BY_MS, type RecordedLabel, type StreamLabel } from "../labels.ts";
import type { Ledger, Outcome } from "../ledger.ts";
import type { FlaggedFilter } from "../queries.ts";
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
    claimedBy: null,
    decidedAtMs: 1_850_000_000_000,
    source: "api",
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

  test(
    "find() leaves out the verdicts of the first ones where those of one id are large",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const outcome = outcomeOf(topic, [0, 90], epoch, {}, () => ({ transactionId: topic }));
      const flagged = outcome.flagged.map((each) => ({
        ...each,
        verdict: `"${"n".repeat(100_000)}${each.offset}"`,
      }));
      await ledger.commit({ ...outcome, flagged });
      const found = await ledger.find(topic);
      assertEquals(found.length, outcome.log.count);
      const known = found.filter((each) => each.flagged);
      assertEquals(known.map(({ offset }) => offset), flagged.map(({ offset }) => offset));
      const last = known.filter(({ verdict }) => verdict !== null);
      assertEquals(last.map(({ verdict }) => verdict), flagged.slice(-11).map(({ verdict }) => verdict));
    },
  );

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

  test(
    "labels.add() keeps the history; a second equal answer is a row that changes nothing",
    async (ledger, topic) => {
      const { labels } = ledger;
      assertEquals(await labels.history(topic), { labels: [], total: 0 });
      const of = ({ labelId }: RecordedLabel) => ({ labelId, produced: false, repeats: false });
      const [first] = await labels.add([labelOf(topic)]);
      assertEquals(first, { ...labelOf(topic), ...of(first) });
      const bob = { labelledBy: "Bob", claimedBy: "head of risk", source: "command" } as const;
      const [again] = await labels.add([labelOf(topic, { ...bob, labelledAtMs: 1_900_000_000_000 })]);
      assertEquals(again, { ...labelOf(topic, bob), labelId: again.labelId, produced: true, repeats: true });
      // The answer that replaces another is later than it, whatever the clock says.
      const other = labelOf(topic, {
        isFraud: false,
        labelledBy: null,
        z: null,
        decidedAtMs: null,
        source: null,
      });
      const [second] = await labels.add([other]);
      assert(second.labelId > first.labelId);
      assertEquals(second, { ...other, labelledAtMs: other.labelledAtMs + LATER_BY_MS, ...of(second) });
      assertEquals(await labels.history(topic), { labels: [first, again, second], total: 3 });
      const [third] = await labels.add([labelOf(topic)]);
      assert(third.labelledAtMs > second.labelledAtMs);
      const repeated = await labels.add([labelOf(topic), labelOf(topic)]);
      // The newest ones, and always the one that holds.
      assertEquals(await labels.history(topic, 2), { labels: [third, repeated[1]], total: 6 });
      assertEquals(await labels.history(topic, 4), { labels: [second, third, ...repeated], total: 6 });
    },
  );

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
      assert((await labels.add(given)).every(({ repeats }) => repeats));
      const changed = await labels.add(given.map((label) => ({ ...label, isFraud: true })));
      assertEquals(changed.map(({ repeats }) => repeats), [true, true, false, true, true]);
    },
  );

  test("of equal labels added at once one counts", async (ledger, topic) => {
    const added = await Promise.all(
      Array.from({ length: 8 }, () => ledger.labels.add([labelOf(topic)])),
    );
    assertEquals(added.flat().filter(({ repeats }) => !repeats).length, 1);
    assertEquals((await ledger.labels.history(topic)).total, 8);
    const pending = await ledger.labels.pending("labels", 1000);
    assertEquals(pending.filter(({ transactionId }) => transactionId === topic).length, 1);
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
    assertEquals((await labels.history(`${topic}-1`)).labels[0].produced, true);
  });

  test(
    "labels.addFromStream() records each label of the stream once, and none that went there",
    async (ledger, topic) => {
      const { labels } = ledger;
      const stream = (changes: Partial<GivenLabel> = {}): StreamLabel => {
        const {
          topic: _,
          labelledBy: _by,
          claimedBy: _claimed,
          decidedAtMs: _at,
          source: _source,
          ...label
        } = labelOf(
          topic,
          { isFraud: false, z: null, ...changes },
        );
        return label;
      };
      const stretch = { topic, partition: 3, expectedOffset: 0, nextOffset: 5 };
      const [given] = await labels.add([labelOf(topic, { topic, labelledAtMs: 5000 })]);
      const own = stream({ isFraud: true, labelledAtMs: 5000 });
      const [earlier, later] = [stream({ labelledAtMs: 4000 }), stream({ labelledAtMs: 6000, z: 2.5 })];
      const nul = stream({ customerId: "a\u0000b", transactionId: `${topic} 2` });
      const offered = [own, later, earlier, later, nul];
      assertEquals(await labels.streamOffset(topic, 3), 0);
      // Two members read the same at once.
      const next = await Promise.all([1, 2].map(() => labels.addFromStream(stretch, offered, 77)));
      assertEquals([...next, await labels.streamOffset(topic, 3)], [5, 5, 5]);
      const { labels: found } = await labels.history(topic);
      assertEquals(found.map(({ source, labelledAtMs }) => [source, labelledAtMs]), [
        ["stream", 4000],
        ["api", 5000],
        ["stream", 6000],
      ]);
      const { labelId, ...kept } = found[2];
      assertEquals(kept, {
        ...{ ...later, topic, labelledBy: null, claimedBy: null, decidedAtMs: 77, source: "stream" },
        ...{ produced: true, repeats: false },
      });
      assert(labelId > given.labelId);
      assertEquals((await labels.history(`${topic} 2`)).total, 1);
      // A topic that was made anew begins at 0 again; what is known is not recorded twice.
      assertEquals(await labels.addFromStream({ ...stretch, expectedOffset: 4 }, [earlier], 78), 5);
      const anew = { ...stretch, expectedOffset: 5, nextOffset: 2 };
      assertEquals(await labels.addFromStream(anew, [earlier, stream({ labelledAtMs: 7000 })], 78), 2);
      assertEquals([(await labels.history(topic)).total, await labels.streamOffset(topic, 3)], [4, 2]);
      assertEquals((await labels.pending(topic, 10)).map((each) => each.labelId), [given.labelId]);
      // Who confirms a label of a later time holds from now on, and features take that in at once.
      const early = labelOf(topic, { topic, isFraud: false, labelledAtMs: 5200 });
      const [confirmed] = await labels.add([early]);
      assertEquals([confirmed.labelledAtMs, confirmed.repeats], [6000, false]);
      assertEquals((await labels.history(topic)).labels.at(-1)?.labelId, confirmed.labelId);
      await labels.markProduced([confirmed.labelId]);
      // An analyst who contradicts the stream is right from then on.
      const [answer] = await labels.add([labelOf(topic, { topic, labelledAtMs: 5500 })]);
      assertEquals([answer.labelledAtMs, answer.repeats], [7000 + 2 * LATER_BY_MS, false]);
    },
  );

  test(
    "queries.flagged() filters by amounts in major units, whatever the currency",
    async (ledger, topic) => {
      await ledger.queries.prepare();
      const { epoch } = await claim(ledger, topic);
      const outcome = outcomeOf(topic, [0, 16], epoch);
      const paid = [["CLF", 12345], ["UYI", 2], ["UYW", 12345], ["KWD", 1234], ["EUR", 123]] as const;
      const flagged = outcome.flagged.map((each, i) => {
        const [currency, amountMinor] = paid[i % paid.length];
        return { ...each, currency: i < paid.length - 1 ? currency : null, amountMinor };
      });
      await ledger.commit({ ...outcome, flagged });
      const offsets = flagged.map(({ offset }) => offset);
      const from = async (minAmount: number) =>
        (await ledger.queries.flagged(topic, { limit: 10, minAmount })).reverse()
          .map(({ offset }) => offsets.indexOf(offset));
      assertEquals(await from(-1), flagged.map((_, i) => i));
      assertEquals([await from(1.2345), await from(1.2346)], [[0, 1, 2], [1]]);
      assertEquals([await from(1.23), await from(1.2341)], [[0, 1, 2, 3, 4], [0, 1, 2]]);
      assertEquals([await from(2), await from(2.5), await from(1e300)], [[1], [], []]);
    },
  );

  test(
    "queries.flagged() filters by the label that holds and its way, and ends a page by its bytes",
    async (ledger, topic) => {
      const { queries, labels } = ledger;
      await queries.prepare();
      const { epoch } = await claim(ledger, topic);
      const outcome = outcomeWithIds(topic, epoch);
      await ledger.commit(outcome);
      const of = (offset: number, isFraud: boolean, labelledAtMs = 1_900_000_000_000): GivenLabel => {
        const { transactionId, customerId, terminalId, timestampMs } = outcome.flagged[offset / 3];
        return labelOf(transactionId, { customerId, terminalId, timestampMs, isFraud, labelledAtMs });
      };
      await labels.add([of(0, true), of(3, true)]);
      const fromStream = [of(3, false, 1_900_000_005_000), of(6, true)];
      await labels.addFromStream({ topic, partition: 0, expectedOffset: 0, nextOffset: 2 }, fromStream, 1);
      // Who confirms a label of the stream does not become its source.
      await labels.add([{ ...of(6, true), topic, labelledBy: "Bob" }]);
      const found = async (filter: Partial<FlaggedFilter>) =>
        (await queries.flagged(topic, { limit: 10, ...filter })).map(({ offset }) => offset);
      const rows = await queries.flagged(topic, { limit: 10 });
      assertEquals(
        rows.map(({ offset, label, labelSource, labelledBy }) => [offset, label, labelSource, labelledBy]),
        [
          [6, "fraud", "api", "Bob"],
          [3, "legit", "stream", null],
          [0, "fraud", "api", "Ann"],
        ],
      );
      assertEquals(
        rows.map(({ verdict }) => verdict),
        outcome.flagged.map(({ verdict }) => verdict).reverse(),
      );
      assertEquals(await found({ label: "fraud" }), [6, 0]);
      assertEquals(await found({ labelSource: "stream" }), [3]);
      assertEquals(await found({ label: "fraud", labelSource: "stream" }), []);
      assertEquals(await found({ label: "none" }), []);
      assertEquals(await found({ labelSource: "command" }), []);
      const bytes = new TextEncoder().encode(rows[0].verdict).length;
      assertEquals(await found({ maxBytes: 1 }), [6, 3]);
      assertEquals(await found({ maxBytes: bytes }), [6, 3]);
      assertEquals(await found({ maxBytes: bytes + 1 }), [6, 3, 0]);
      const { terminalId } = outcome.flagged[1];
      const { fraud, legit } = await queries.labelsAt(terminalId);
      assert(fraud >= 0 && legit >= 1, `${fraud}, ${legit}`);
      const recent = await queries.recent(topic, { customerId: outcome.flagged[1].customerId }, 100);
      assertEquals(recent.filter(({ flagged }) => flagged).map(({ offset }) => offset), [3]);
    },
  );
}
