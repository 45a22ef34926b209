const EMPTY = -1;
/** Bits of a slot for an entry's distance behind its place, and their largest value, which means that far or further. */
const DISTANCE_BITS = 3;
const FAR = 2 ** DISTANCE_BITS - 1;
/** Keys that an index can hold at most: one bit of the hash is left in a slot then. */
export const MOST_KEYS: number = 2 ** 28 - 1;

/**
 * Mixes both words of a key into one. Keys are hashes already, so two products are enough; they spread small counters as
 * well (multiplicative hashing: Knuth, The Art of Computer Programming 3, 6.4).
 */
export function mixKey(low: number, high: number): number {
  return Math.imul(low ^ Math.imul(high, 0xc2b2ae3d), 0x9e3779b1);
}

/**
 * Finds entries of a dense table by their 64-bit key: open addressing, linear probing, at most five eighths full.
 *
 * A slot is one word: some bits of the key's mixed hash, the slot's distance behind the key's place, and the entry's
 * number + 1 (0 in a free slot). So a probe reads entries only where the bits agree, and moving entries up reads none.
 * 4 bytes a slot, 6.4 to 12.8 bytes a key.
 */
export class KeyIndex {
  readonly #entryBits: number;
  readonly #entryMask: number;
  readonly #spareShare: number;
  #slots = new Int32Array(16);
  #shift = 28;
  #taken = 0;

  /**
   * Makes an index of no entry.
   *
   * @param maxEntries Entries at most, from 1 to `MOST_KEYS`; the fewer, the more bits of the hash are left in a slot.
   * @param spareShare Extra slots, as a share of the entries, for entries that get another key without being removed.
   */
  constructor(maxEntries: number, spareShare = 0) {
    this.#spareShare = spareShare;
    this.#entryBits = 32 - Math.clz32(maxEntries);
    this.#entryMask = 2 ** this.#entryBits - 1;
  }

  /** The entry of a key, or -1; an entry's key is in its first two words. */
  find(low: number, high: number, words: Uint32Array, stride: number): number {
    // Signed words are small integers to the runtime; unsigned ones may each be an object on the heap.
    low |= 0;
    high |= 0;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const entryBits = this.#entryBits;
    const hash = mixKey(low, high);
    const tag = hash << entryBits + DISTANCE_BITS;
    let distance = 0;
    for (let slot = hash >>> this.#shift;; slot = slot + 1 & mask) {
      const value = slots[slot];
      if (value === 0) return EMPTY;
      if ((value ^ tag) >>> entryBits === distance) {
        const entry = (value & this.#entryMask) - 1;
        const at = entry * stride;
        if ((words[at] | 0) === low && (words[at + 1] | 0) === high) return entry;
      }
      if (distance < FAR) distance++;
    }
  }

  /** Reads the slot of a key, which `find` reads first, and returns it. */
  warmSlot(low: number, high: number): number {
    return this.#slots[mixKey(low, high) >>> this.#shift];
  }

  /**
   * Adds an entry whose key is not there: the last one, or one whose key was removed or replaced; `size` counts it.
   *
   * The slot of a replaced key stays taken until the index is rebuilt. It does no harm: an entry is found by its own key
   * only.
   */
  add(entry: number, size: number, words: Uint32Array, stride: number): void {
    if ((this.#taken + 1) * 8 > this.#slots.length * 5) this.rebuild(words, stride, size);
    else this.#place(mixKey(words[entry * stride], words[entry * stride + 1]), entry);
  }

  /** Removes an entry, whose key must still be there, and moves up the ones behind it, so that no probe meets a gap. */
  remove(entry: number, words: Uint32Array, stride: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const entryBits = this.#entryBits;
    let gap = mixKey(words[entry * stride], words[entry * stride + 1]) >>> this.#shift;
    while ((slots[gap] & this.#entryMask) !== entry + 1) gap = gap + 1 & mask;
    for (let slot = gap + 1 & mask; slots[slot] !== 0; slot = slot + 1 & mask) {
      const value = slots[slot];
      let distance = value >>> entryBits & FAR;
      if (distance === FAR) {
        const at = ((value & this.#entryMask) - 1) * stride;
        distance = slot - (mixKey(words[at], words[at + 1]) >>> this.#shift) & mask;
      }
      const left = distance - (slot - gap & mask);
      if (left < 0) continue;
      slots[gap] = value & ~(FAR << entryBits) | Math.min(left, FAR) << entryBits;
      gap = slot;
    }
    slots[gap] = 0;
    this.#taken--;
  }

  /** Indexes the first `size` entries again. */
  rebuild(words: Uint32Array, stride: number, size: number): void {
    if (size > this.#entryMask) {
      throw new RangeError(
        `Cannot index the keys as they must be at most ${this.#entryMask}: current value is ${size}`,
      );
    }
    const bits = Math.max(4, Math.ceil(Math.log2(size * (1 + this.#spareShare) * 8 / 5)));
    if (2 ** bits === this.#slots.length) this.#slots.fill(0);
    else this.#slots = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#taken = 0;
    for (let entry = 0; entry < size; entry++) {
      this.#place(mixKey(words[entry * stride], words[entry * stride + 1]), entry);
    }
  }

  #place(hash: number, entry: number): void {
    this.#taken++;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const home = hash >>> this.#shift;
    let slot = home;
    while (slots[slot] !== 0) slot = slot + 1 & mask;
    const distance = Math.min(slot - home & mask, FAR);
    slots[slot] = hash << this.#entryBits + DISTANCE_BITS | distance << this.#entryBits | entry + 1;
  }
}
