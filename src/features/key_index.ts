const EMPTY = -1;

/** Mixes both words of a key, so that keys which are no hashes (small counters) spread as well. */
export function mixKey(low: number, high: number): number {
  let hash = low ^ Math.imul(high, 0xc2b2ae3d);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  hash = Math.imul(hash ^ hash >>> 12, 0x297a2d39);
  return hash ^ hash >>> 15;
}

/**
 * Finds entries of a dense table by their 64-bit key: open addressing, linear probing, at most five eighths full.
 *
 * A slot is two words, the key's mixed hash and the entry's number + 1 (0 where it is free), so that a probe reads the
 * entries only where the hash agrees. 8 bytes a slot, 13 to 26 bytes a key.
 */
export class KeyIndex {
  #slots = new Int32Array(32);
  #shift = 28;

  /** The entry of a key, or -1; an entry's key is in its first two words. */
  find(low: number, high: number, words: Uint32Array, stride: number): number {
    // Signed words are small integers to the runtime; unsigned ones may each be an object on the heap.
    low |= 0;
    high |= 0;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = mixKey(low, high);
    for (let slot = hash >>> this.#shift << 1;; slot = slot + 2 & mask) {
      const entry = slots[slot + 1] - 1;
      if (entry === EMPTY) return EMPTY;
      const at = entry * stride;
      if (slots[slot] === hash && (words[at] | 0) === low && (words[at + 1] | 0) === high) {
        return entry;
      }
    }
  }

  /**
   * Reads the memory that `find` will most likely read, and returns some of it.
   *
   * In a tight loop over many keys the waits for memory overlap; those of `find` between other work do not.
   */
  warm(low: number, high: number, words: Uint32Array, stride: number): number {
    const entry = this.#slots[(mixKey(low, high) >>> this.#shift << 1) + 1];
    return entry === 0 ? 0 : words[(entry - 1) * stride] | 0;
  }

  /** Adds an entry whose key is not there; `size` is the number of entries with it. */
  add(entry: number, low: number, high: number, size: number): void {
    if (size * 16 > this.#slots.length * 5) this.#grow(size);
    this.#place(mixKey(low, high), entry + 1);
  }

  /** Takes an entry out and moves the ones behind it up, so that no probe meets a gap. */
  remove(entry: number, low: number, high: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = mixKey(low, high) >>> this.#shift << 1;
    while (slots[gap + 1] !== entry + 1) gap = gap + 2 & mask;
    for (let slot = gap + 2 & mask; slots[slot + 1] !== 0; slot = slot + 2 & mask) {
      const home = slots[slot] >>> this.#shift << 1;
      if ((slot - home & mask) >= (slot - gap & mask)) {
        slots[gap] = slots[slot];
        slots[gap + 1] = slots[slot + 1];
        gap = slot;
      }
    }
    slots[gap + 1] = 0;
  }

  /** Makes the index anew over the first `size` entries. */
  rebuild(words: Uint32Array, stride: number, size: number): void {
    this.#slots = new Int32Array(32);
    this.#shift = 28;
    if (size > 0) this.#grow(size);
    for (let entry = 0; entry < size; entry++) {
      this.#place(mixKey(words[entry * stride], words[entry * stride + 1]), entry + 1);
    }
  }

  #grow(size: number): void {
    const bits = Math.max(4, Math.ceil(Math.log2(size * 8 / 5)));
    const old = this.#slots;
    this.#slots = new Int32Array(2 ** (bits + 1));
    this.#shift = 32 - bits;
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot + 1] !== 0) this.#place(old[slot], old[slot + 1]);
    }
  }

  #place(hash: number, entryPlusOne: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash >>> this.#shift << 1;
    while (slots[slot + 1] !== 0) slot = slot + 2 & mask;
    slots[slot] = hash;
    slots[slot + 1] = entryPlusOne;
  }
}
