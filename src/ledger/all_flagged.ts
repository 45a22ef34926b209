import type { FlaggedTransaction, Ledger } from "./ledger.ts";

const PAGE_ROWS = 5000;

/**
 * Yields all flagged transactions of a partition in offset order, of which the ledger is asked page by page.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { allFlagged } from "./all_flagged.ts";
 * import { openSqliteLedger } from "./sqlite/ledger.ts";
 * import { outcomeOf } from "./testing/outcomes.ts";
 *
 * await using ledger = openSqliteLedger(`${Deno.makeTempDirSync()}/ledger.db`);
 * const { epoch } = await ledger.claim("t", 0, { owner: "a", streamId: "s" });
 * const outcome = outcomeOf("t", [0, 100], epoch);
 * await ledger.commit(outcome);
 * assertEquals(await Array.fromAsync(allFlagged(ledger, "t", 0)), outcome.flagged);
 * ```
 */
export async function* allFlagged(
  ledger: Pick<Ledger, "flaggedAfter">,
  topic: string,
  partition: number,
): AsyncGenerator<FlaggedTransaction> {
  for (let after = -1;;) {
    const page = await ledger.flaggedAfter(topic, partition, after, PAGE_ROWS);
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page[page.length - 1].offset;
  }
}
