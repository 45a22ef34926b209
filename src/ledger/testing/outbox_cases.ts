/**
 * The part of the ledgers' contract suite that objects are made of.
 *
 * @module
 */
import { assertEquals } from "../../testing/assert.ts";
import type { LedgerTest } from "./label_cases.ts";
import { outcomeOf } from "./outcomes.ts";

const HOUR_MS = 3_600_000;

/** Registers the cases. */
export function outboxCases(test: LedgerTest): void {
  test("outbox.sizesAfter() pages through places and sizes in bytes", async (ledger, topic) => {
    const { epoch } = await ledger.claim(topic, 0, { owner: "a", streamId: "s1" });
    const outcome = outcomeOf(topic, [0, 100], epoch);
    await ledger.commit(outcome);
    const expected = outcome.flagged.map(({ offset, verdict }) => ({
      offset,
      verdictBytes: new TextEncoder().encode(verdict).length,
    }));
    assertEquals(await ledger.outbox.sizesAfter(topic, 0, -1, 1000), expected);
    assertEquals(await ledger.outbox.sizesAfter(topic, 0, expected[3].offset, 4), expected.slice(4, 8));
    assertEquals(await ledger.outbox.sizesAfter(topic, 0, 100, 4), []);
    assertEquals(await ledger.outbox.sizesAfter(topic, 1, -1, 4), []);
  });

  test(
    "outbox.byHour() gives the lines of each event hour, before 1970 too, as they were committed",
    async (ledger, topic) => {
      const { epoch } = await ledger.claim(topic, 0, { owner: "a", streamId: "s1" });
      // Hours come back, and both ends of an hour are of it.
      const times = [0, -1, HOUR_MS - 1, -HOUR_MS, HOUR_MS, -HOUR_MS - 1, 5_000_000_000_000];
      const outcome = outcomeOf(topic, [0, 200], epoch, {}, (_, offset) => ({
        timestampMs: times[Math.floor(offset / 3) % times.length],
      }));
      await ledger.commit(outcome);
      const [first, last] = [outcome.flagged[2].offset, outcome.flagged.at(-3)!.offset];
      const inCut = outcome.flagged.filter(({ offset }) => offset >= first && offset <= last);
      const hours = Map.groupBy(inCut, ({ timestampMs }) => Math.floor(timestampMs / HOUR_MS) * HOUR_MS);
      const found = await ledger.outbox.byHour(topic, 0, first, last);
      assertEquals(
        found.map(({ lines, ...hour }) => ({ ...hour, text: new TextDecoder().decode(lines) })),
        [...hours].map(([hourMs, group]) => ({
          hourMs,
          firstOffset: group[0].offset,
          rows: group.length,
          text: group.map(({ verdict }) => `${verdict}\n`).join(""),
        })),
      );
      assertEquals(found.length, 5);
      assertEquals(await ledger.outbox.byHour(topic, 0, 1000, 2000), []);
    },
  );
}
