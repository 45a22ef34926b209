import type { DeadLetter, Ledger } from "../ledger/ledger.ts";

/** Letters come with their bytes, so that pages are small. */
const PAGE_LETTERS = 1000;

/** Reads all dead letters of a partition, page by page in offset order. */
export async function* deadLetterPages(
  ledger: Ledger,
  topic: string,
  partition: number,
): AsyncGenerator<DeadLetter[]> {
  for (let after = -1;;) {
    const letters = await ledger.deadLettersAfter(topic, partition, after, PAGE_LETTERS);
    if (letters.length === 0) return;
    yield letters;
    after = letters[letters.length - 1].offset;
  }
}
