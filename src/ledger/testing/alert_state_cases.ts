/**
 * The part of the ledgers' contract suite that keeps what listeners were told.
 *
 * @module
 */
import { assertEquals, assertRejects } from "../../testing/assert.ts";
import type { LedgerTest } from "./label_cases.ts";
import { FencedError, type Ledger } from "../ledger.ts";

/** Registers the cases. */
export function alertStateCases(test: LedgerTest): void {
  const claim = (ledger: Ledger, topic: string, partition = 0) =>
    ledger.claim(topic, partition, { owner: "a", streamId: "s1" });
  const key = (topic: string, listener = "webhook", partition = 0) => ({ listener, topic, partition });

  test(
    "alertStates.record() keeps the newest state, and moves the position forward",
    async (ledger, topic) => {
      const { epoch } = await claim(ledger, topic);
      const { alertStates } = ledger;
      assertEquals(await alertStates.read(key(topic)), undefined);
      const state = JSON.stringify({ customer: "quote ' ß 😀 \\", many: "x".repeat(300_000) });
      await alertStates.record(key(topic), epoch, { state, offset: 40 });
      assertEquals([await alertStates.read(key(topic)), await ledger.position("webhook", topic, 0)], [
        state,
        40,
      ]);
      await alertStates.record(key(topic), epoch, { state: "{}", offset: 30 });
      await alertStates.record(key(topic), epoch, { state: "{}", offset: 30 });
      assertEquals([await alertStates.read(key(topic)), await ledger.position("webhook", topic, 0)], [
        "{}",
        40,
      ]);
      await alertStates.record(key(topic), epoch, { state: "{}", offset: 5_000_000_000 });
      assertEquals(await ledger.position("webhook", topic, 0), 5_000_000_000);
    },
  );

  test("alertStates are apart by listener, topic and partition", async (ledger, topic) => {
    const epochs = [(await claim(ledger, topic)).epoch, (await claim(ledger, topic, 1)).epoch];
    const { alertStates } = ledger;
    await alertStates.record(key(topic, "a"), epochs[0], { state: "1", offset: 1 });
    await alertStates.record(key(topic, "b"), epochs[0], { state: "2", offset: 2 });
    await alertStates.record(key(topic, "a", 1), epochs[1], { state: "3", offset: 3 });
    const found = [
      key(topic, "a"),
      key(topic, "b"),
      key(topic, "a", 1),
      key(topic, "b", 1),
      key(`${topic}x`, "a"),
    ];
    assertEquals(await Promise.all(found.map((each) => alertStates.read(each))), [
      "1",
      "2",
      "3",
      undefined,
      undefined,
    ]);
  });

  test(
    "alertStates.record() under an old epoch, or without a claim, writes nothing",
    async (ledger, topic) => {
      const old = await claim(ledger, topic);
      const { alertStates } = ledger;
      await alertStates.record(key(topic), old.epoch, { state: "old", offset: 7 });
      const { epoch } = await claim(ledger, topic);
      await assertRejects(
        () => alertStates.record(key(topic), old.epoch, { state: "late", offset: 99 }),
        FencedError,
        `current epoch is ${epoch}`,
      );
      assertEquals([await alertStates.read(key(topic)), await ledger.position("webhook", topic, 0)], [
        "old",
        7,
      ]);
      await assertRejects(
        () => alertStates.record(key(topic, "webhook", 5), 1, { state: "x", offset: 1 }),
        FencedError,
      );
      await alertStates.record(key(topic), epoch, { state: "new", offset: 8 });
      assertEquals(await alertStates.read(key(topic)), "new");
    },
  );
}
