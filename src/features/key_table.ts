import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** Words of an entry before its payload: key low, key high, next older entry + 1, next newer entry + 1. */
const LINKS = 4;
/** From here on room for the whole bound is reserved at once: the system backs a page of it when it is first written. */
const DOUBLING_ENDS = 1 << 20;
const NONE = -1;

/**
 * A table from 64-bit keys to a fixed number of 32-bit words, bounded, the least recently used key out first.
 *
 * Entries lie densely in one buffer (16 bytes and the payload each) behind an open-addressing index with linear
 * probing, at most half full, of 8 to 16 bytes a key. A payload is addressed by the position of its first word, which
 * holds until the next `touch`. Entries are copied as they are into a snapshot; the index is made anew from them.
 */
export class KeyTable {
  /** The words of all entries; read it again after `touch`, which may have moved it. */
  words: Uint32Array = new Uint32Array();
  /** The same words as float32. */
  floats: Float32Array = new Float32Array();
  /** Whether the last `touch` made a new entry. */
  fresh = false;
  readonly #stride: number;
  readonly #maxKeys: number;
  #index = new Int32Array(16);
  #shift = 28;
  #size = 0;
  #evicted = 0;
  #oldest = NONE;
  #newest = NONE;

  /**
   * Makes an empty table.
   *
   * @param payloadWords Words of state a key.
   * @param maxKeys Keys to remember at most, at least 1.
   */
  constructor(payloadWords: number, maxKeys: number) {
    this.#stride = LINKS + payloadWords;
    this.#maxKeys = maxKeys;
  }

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /** Keys forgotten for the bound since the stream's start. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Position of the payload of the least recently used key, or -1 where there is none. */
  get oldest(): number {
    return this.#oldest === NONE ? NONE : this.#oldest * this.#stride + LINKS;
  }

  /** Position of the payload of the key that was used next after the one at `at`, or -1. */
  newer(at: number): number {
    const entry = this.words[at - 1] - 1;
    return entry === NONE ? NONE : entry * this.#stride + LINKS;
  }

  /** Position of the key's payload, or -1; the order of use stays as it is. */
  find(low: number, high: number): number {
    const words = this.words;
    const mask = this.#index.length - 1;
    for (let slot = this.#home(low, high);; slot = slot + 1 & mask) {
      const entry = this.#index[slot] - 1;
      if (entry < 0) return NONE;
      const at = entry * this.#stride;
      if (words[at] === low && words[at + 1] === high) return at + LINKS;
    }
  }

  /** Position of the key's payload if there is one, else -1; a key found is now the most recently used. */
  use(low: number, high: number): number {
    const at = this.find(low, high);
    if (at !== NONE) this.#renew((at - LINKS) / this.#stride);
    return at;
  }

  /** Position of the key's payload, all zero if the key is new; the key is now the most recently used. */
  touch(low: number, high: number): number {
    const found = this.use(low, high);
    this.fresh = found === NONE;
    if (found !== NONE) return found;
    const stride = this.#stride;
    let entry = this.#size;
    if (entry < this.#maxKeys) {
      this.#reserveEntries(entry + 1);
      if ((entry + 1) * 2 > this.#index.length) this.#rebuildIndex(entry);
      this.#size++;
    } else {
      entry = this.#oldest;
      this.#removeFromIndex(entry);
      this.#unlink(entry);
      this.#evicted++;
    }
    const at = entry * stride;
    this.words.fill(0, at, at + stride);
    this.words[at] = low;
    this.words[at + 1] = high;
    this.#addToIndex(entry);
    this.#append(entry);
    return at + LINKS;
  }

  /** Writes the entries and the order of their use. */
  save(out: SnapshotWriter): void {
    out.numbers([this.#stride, this.#size, this.#evicted, this.#oldest, this.#newest]);
    out.words(this.words.subarray(0, this.#size * this.#stride));
  }

  /**
   * Takes entries that `save` wrote in the place of its own; where they exceed the bound, the least recently used are
   * forgotten and counted. Throws RangeError for entries of another layout.
   *
   * @returns How many were forgotten.
   */
  load(from: SnapshotReader): number {
    const [stride, size, evicted, oldest, newest] = from.numbers(5);
    if (stride !== this.#stride) {
      throw new RangeError(
        `Cannot restore the features as an entry must have ${this.#stride} words: current value is ${stride}`,
      );
    }
    const saved = from.words(size * stride);
    this.words = new Uint32Array();
    const kept = Math.min(size, this.#maxKeys);
    this.#evicted = evicted + size - kept;
    this.#size = kept;
    this.#oldest = oldest;
    this.#newest = newest;
    this.#reserveEntries(kept);
    if (kept === size) this.words.set(saved);
    else this.#keepNewest(saved, newest);
    this.#rebuildIndex(kept);
    return size - kept;
  }

  #keepNewest(saved: Uint32Array, newest: number): void {
    const stride = this.#stride;
    this.#oldest = NONE;
    this.#newest = NONE;
    const order: number[] = [];
    for (let entry = newest; order.length < this.#size; entry = saved[entry * stride + 2] - 1) {
      order.push(entry);
    }
    order.reverse().forEach((from, entry) => {
      this.words.set(saved.subarray(from * stride, (from + 1) * stride), entry * stride);
      this.#append(entry);
    });
  }

  #home(low: number, high: number): number {
    return Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> this.#shift;
  }

  #addToIndex(entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    const at = entry * this.#stride;
    let slot = this.#home(this.words[at], this.words[at + 1]);
    while (index[slot] !== 0) slot = slot + 1 & mask;
    index[slot] = entry + 1;
  }

  /** Takes an entry out and moves the ones behind it up, so that no probe meets a gap. */
  #removeFromIndex(entry: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    const words = this.words;
    let gap = this.#home(words[entry * this.#stride], words[entry * this.#stride + 1]);
    while (index[gap] !== entry + 1) gap = gap + 1 & mask;
    for (let slot = gap + 1 & mask; index[slot] !== 0; slot = slot + 1 & mask) {
      const at = (index[slot] - 1) * this.#stride;
      const home = this.#home(words[at], words[at + 1]);
      if ((slot - home & mask) >= (slot - gap & mask)) {
        index[gap] = index[slot];
        gap = slot;
      }
    }
    index[gap] = 0;
  }

  #reserveEntries(entries: number): void {
    const stride = this.#stride;
    if (entries * stride <= this.words.length) return;
    const wanted = entries > DOUBLING_ENDS ? this.#maxKeys : Math.max(64, 2 ** Math.ceil(Math.log2(entries)));
    const grown = new Uint32Array(Math.max(entries, Math.min(wanted, this.#maxKeys)) * stride);
    grown.set(this.words);
    this.words = grown;
    this.floats = new Float32Array(grown.buffer);
  }

  /** Makes the index anew over the first `entries` entries, at most a quarter full. */
  #rebuildIndex(entries: number): void {
    const bits = Math.max(4, Math.ceil(Math.log2(entries + 1)) + 1);
    this.#index = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    for (let entry = 0; entry < entries; entry++) this.#addToIndex(entry);
  }

  #renew(entry: number): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  #unlink(entry: number): void {
    const { words } = this;
    const at = entry * this.#stride;
    const older = words[at + 2] - 1;
    const newer = words[at + 3] - 1;
    if (older === NONE) this.#oldest = newer;
    else words[older * this.#stride + 3] = newer + 1;
    if (newer === NONE) this.#newest = older;
    else words[newer * this.#stride + 2] = older + 1;
  }

  #append(entry: number): void {
    const { words } = this;
    const at = entry * this.#stride;
    words[at + 2] = this.#newest + 1;
    words[at + 3] = 0;
    if (this.#newest === NONE) this.#oldest = entry;
    else words[this.#newest * this.#stride + 3] = entry + 1;
    this.#newest = entry;
  }
}
