/**
 * The part of the ledgers' contract suite on topics and what they lost.
 *
 * @module
 */
import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { FencedError } from "../ledger.ts";
import type { LedgerTest } from "./label_cases.ts";
import { outcomeOf } from "./outcomes.ts";

/** Registers the cases. */
export function lossCases(test: LedgerTest): void {
  const lossOf = (topic: string, firstOffset: number, nextOffset: number) => ({
    ...{ topic, partition: 0, firstOffset, nextOffset, foundAtMs: 77 },
  });

  test("losses.skip() moves behind a loss and keeps it until somebody accepts it", async (ledger, topic) => {
    const { epoch } = await ledger.claim(topic, 0, { owner: "a", streamId: "s1" });
    await ledger.commit(outcomeOf(topic, [0, 10], epoch));
    const loss = lossOf(topic, 10, 6_000_000_000);
    await ledger.losses.skip(loss, epoch);
    // The answer was lost and the same call comes again.
    await ledger.losses.skip(loss, epoch);
    assertEquals(await ledger.losses.list(topic), [{ ...loss, acceptedBy: null, acceptedAtMs: null }]);
    await ledger.commit(outcomeOf(topic, [6_000_000_000, 6_000_000_010], epoch));
    const ranges = await Array.fromAsync(ledger.ranges(topic, 0));
    assertEquals(ranges.map(({ firstOffset, nextOffset }) => [firstOffset, nextOffset]), [
      [0, 10],
      [6_000_000_000, 6_000_000_010],
    ]);
    const accepted = { ...loss, acceptedBy: "ann", acceptedAtMs: 88 };
    assertEquals(await ledger.losses.accept(topic, "ann", 88), [accepted]);
    assertEquals(await ledger.losses.accept(topic, "bob", 99), []);
    assertEquals(await ledger.losses.list(topic), [accepted]);
  });

  test("losses.skip() is refused under an old epoch, and from another offset", async (ledger, topic) => {
    const old = await ledger.claim(topic, 0, { owner: "a", streamId: "s1" });
    await ledger.commit(outcomeOf(topic, [0, 10], old.epoch));
    const { epoch } = await ledger.claim(topic, 0, { owner: "b", streamId: "s1" });
    await assertRejects(() => ledger.losses.skip(lossOf(topic, 10, 20), old.epoch), FencedError);
    await assertRejects(() => ledger.losses.skip(lossOf(topic, 12, 20), epoch), FencedError);
    assertEquals(await ledger.losses.list(topic), []);
  });

  test("losses.skip() keeps who accepted what was noted before", async (ledger, topic) => {
    const { epoch } = await ledger.claim(topic, 0, { owner: "a", streamId: "s1" });
    await ledger.commit(outcomeOf(topic, [0, 10], epoch));
    await ledger.losses.note(lossOf(topic, 10, 20));
    await ledger.losses.note(lossOf(topic, 10, 30));
    await ledger.losses.accept(topic, "ann", 88);
    await ledger.losses.skip(lossOf(topic, 10, 50), epoch);
    assertEquals(
      (await ledger.losses.list(topic)).map((each) => [each.firstOffset, each.nextOffset, each.acceptedBy]),
      [[10, 20, "ann"], [20, 50, null]],
    );
  });

  test("losses.follow() remembers which topic is followed", async (ledger, topic) => {
    assertEquals(await ledger.losses.followed(topic, "labels"), undefined);
    await ledger.losses.follow(topic, "labels", { name: "labels", id: "1" });
    await ledger.losses.follow(topic, "transactions", { name: topic, id: "9" });
    await ledger.losses.follow(topic, "labels", { name: "labels", id: "2" });
    assertEquals(await ledger.losses.followed(topic, "labels"), { name: "labels", id: "2" });
    assertEquals(await ledger.losses.followed(topic, "transactions"), { name: topic, id: "9" });
  });
}
