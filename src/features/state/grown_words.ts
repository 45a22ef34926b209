/** From here on room for the whole bound is reserved at once: the system backs a page of it when it is first written. */
const DOUBLING_ENDS = 1 << 16;
const LEAST_ENTRIES = 64;

/** How many entries a buffer is to have room for. */
export interface Room {
  /** Words of an entry. */
  stride: number;
  /** Entries that there must be room for. */
  entries: number;
  /** Entries that there will be at most. */
  maxEntries: number;
}

/**
 * The same words where there is room for so many entries, else a larger copy, zero behind what was there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { grownWords } from "./grown_words.ts";
 *
 * const words = grownWords(Uint32Array.of(7, 8), { stride: 2, entries: 2, maxEntries: 3 });
 * assertEquals([...words], [7, 8, 0, 0, 0, 0]);
 * ```
 */
export function grownWords(words: Uint32Array, { stride, entries, maxEntries }: Room): Uint32Array {
  if (entries * stride <= words.length) return words;
  const wanted = entries > DOUBLING_ENDS
    ? maxEntries
    : Math.max(LEAST_ENTRIES, 2 ** Math.ceil(Math.log2(entries)));
  const grown = new Uint32Array(Math.max(entries, Math.min(wanted, maxEntries)) * stride);
  grown.set(words);
  return grown;
}
