import { KeyIndex } from "./key_index.ts";
import { Records } from "./records.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** Words of an entry before its payload: key low, key high, number of its last use. */
const HEAD = 3;
/** After this number the uses are renumbered. */
const LAST_USE = 2 ** 32 - 1;
/** One part in this many of all keys is lined up at a time, to be forgotten next. */
const FORGET_SHARE = 16;
const SAMPLE = 1024;
const NONE = -1;

/**
 * A bounded table from 64-bit keys to a fixed number of 32-bit words; it forgets the least recently used key first.
 *
 * Entries lie densely in one buffer, 12 bytes and the payload each. A payload is addressed by the position of its first
 * word, which holds until the next `touch`. An entry has the number of its last use, which needs no list: once the table
 * is full, a pass over it lines up the keys used longest ago, which go one by one unless they are used again.
 */
export class KeyTable extends Records {
  readonly #onForget: ((at: number) => void) | undefined;
  readonly #index: KeyIndex;
  #size = 0;
  #evicted = 0;
  #uses = 0;
  /** Entries in the order of their last use, up to and with the use of number `#lineEnd`. */
  #line: Uint32Array = new Uint32Array();
  #lineAt = 0;
  #lineEnd = -1;

  /**
   * Makes an empty table.
   *
   * @param payloadWords Words of state a key.
   * @param maxKeys At least 1.
   * @param onForget Called with the position of a key's payload before it is forgotten, except by `load`.
   */
  constructor(payloadWords: number, maxKeys: number, onForget?: (at: number) => void) {
    super(HEAD + payloadWords, maxKeys);
    this.#onForget = onForget;
    this.#index = new KeyIndex(maxKeys);
  }

  get size(): number {
    return this.#size;
  }

  /** Keys forgotten for the bound since the stream's start. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Positions of all payloads. */
  *payloads(): Iterable<number> {
    for (let entry = 0; entry < this.#size; entry++) yield entry * this.stride + HEAD;
  }

  /** Position of the key's payload, or -1; the order of use stays as it is. */
  find(low: number, high: number): number {
    const entry = this.#index.find(low, high, this.words, this.stride);
    return entry === NONE ? NONE : entry * this.stride + HEAD;
  }

  /** Brings the memory that `find` reads first into the cache. */
  warmSlot(low: number, high: number): number {
    return this.#index.warmSlot(low, high);
  }

  /**
   * Position of the key's payload if there is one, else -1; a key found is now the most recently used.
   *
   * @param expected What `find` gave for the key before, which spares another look-up unless the key has moved.
   */
  use(low: number, high: number, expected = NONE): number {
    const at = this.#isAt(expected, low, high) ? expected : this.find(low, high);
    if (at !== NONE) this.#stamp(at);
    return at;
  }

  /** As `use`, but a new key gets a payload, all zero. */
  touch(low: number, high: number, expected = NONE): number {
    const found = this.use(low, high, expected);
    if (found !== NONE) return found;
    let entry = this.#size;
    if (entry < this.maxRecords) {
      this.reserve(entry + 1);
      this.#size++;
    } else {
      entry = this.#leastRecentlyUsed();
      this.#onForget?.(entry * this.stride + HEAD);
      this.#index.remove(entry, this.words, this.stride);
      this.words.fill(0, entry * this.stride, (entry + 1) * this.stride);
      this.#evicted++;
    }
    const at = entry * this.stride;
    this.words[at] = low;
    this.words[at + 1] = high;
    this.#index.add(entry, this.#size, this.words, this.stride);
    this.#stamp(at + HEAD);
    return at + HEAD;
  }

  /** Copies the payload of a key from another table of the same layout, if it has the key. */
  copyFrom(other: KeyTable, low: number, high: number): void {
    const from = other.find(low, high);
    if (from === NONE) return;
    const at = this.touch(low, high);
    this.words.set(other.words.subarray(from, from + this.stride - HEAD), at);
  }

  save(out: SnapshotWriter): void {
    out.numbers([this.stride, this.#size, this.#evicted, this.#uses]);
    out.words(this.words.subarray(0, this.#size * this.stride));
  }

  /** Loads a snapshot; forgets the least recently used beyond the bound. Throws RangeError for another layout. */
  load(from: SnapshotReader): void {
    const stride = this.stride;
    const [savedStride, size, evicted, uses] = from.numbers(4);
    if (savedStride !== stride) {
      throw new RangeError(
        `Cannot restore the features as an entry must have ${stride} words: current value is ${savedStride}`,
      );
    }
    const saved = from.words(size * stride);
    const kept = Math.min(size, this.maxRecords);
    this.#size = kept;
    this.#evicted = evicted + size - kept;
    this.#uses = uses;
    this.#lineAt = 0;
    this.#line = new Uint32Array();
    this.empty();
    this.reserve(kept);
    if (kept === size) {
      this.words.set(saved);
    } else {
      const newest = byLastUse(saved, stride, size).reverse();
      for (let i = 0; i < kept; i++) {
        this.words.set(saved.subarray(newest[i] * stride, (newest[i] + 1) * stride), i * stride);
      }
    }
    this.#index.rebuild(this.words, stride, kept);
  }

  #isAt(at: number, low: number, high: number): boolean {
    const { words } = this;
    return at >= 0 && (words[at - HEAD] | 0) === (low | 0) && (words[at - HEAD + 1] | 0) === (high | 0);
  }

  #stamp(at: number): void {
    if (this.#uses === LAST_USE) this.#renumberUses();
    this.words[at - 1] = ++this.#uses;
  }

  /** Numbers the last uses from 1 on, in the order they have. */
  #renumberUses(): void {
    const { words, stride } = this;
    byLastUse(words, stride, this.#size).forEach((entry, i) => words[entry * stride + HEAD - 1] = i + 1);
    this.#uses = this.#size;
    this.#line = new Uint32Array();
    this.#lineAt = 0;
  }

  #leastRecentlyUsed(): number {
    for (;;) {
      while (this.#lineAt < this.#line.length) {
        const entry = this.#line[this.#lineAt++];
        if (lastUse(this.words, entry * this.stride) <= this.#lineEnd) return entry;
      }
      this.#lineUp();
    }
  }

  /** Lines up the entries used longest ago: about one in `FORGET_SHARE`, judged by a sample, and at least one. */
  #lineUp(): void {
    const { words, stride } = this;
    const step = Math.max(1, Math.floor(this.#size / SAMPLE));
    const sample = Float64Array.from(
      { length: Math.ceil(this.#size / step) },
      (_, i) => lastUse(words, i * step * stride),
    ).sort();
    const end = sample[Math.floor(sample.length / FORGET_SHARE)];
    this.#line = byLastUse(words, stride, this.#size, end);
    this.#lineAt = 0;
    this.#lineEnd = end;
  }
}

/** The entries that were last used by number `end`, in the order of that use. */
function byLastUse(words: Uint32Array, stride: number, size: number, end = LAST_USE): Uint32Array {
  let length = 0;
  const entries = new Uint32Array(size);
  for (let entry = 0; entry < size; entry++) {
    if (lastUse(words, entry * stride) <= end) entries[length++] = entry;
  }
  return entries.slice(0, length).sort((a, b) => lastUse(words, a * stride) - lastUse(words, b * stride));
}

/** Number of the last use of the entry at `at`; uses are counted from 1. */
function lastUse(words: Uint32Array, at: number): number {
  return words[at + HEAD - 1];
}
