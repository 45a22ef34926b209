import { KeyIndex } from "./key_index.ts";
import { Records } from "./records.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** Words of an entry before its payload: key low, key high, number of its last use. */
const HEAD = 3;
/** Numbers of use end here; then they are given anew. */
const LAST_USE = 2 ** 32 - 1;
/** The next keys to forget are looked up this part of all keys at a time. */
const FORGET_SHARE = 16;
const SAMPLE = 1024;
const NONE = -1;

/**
 * A table from 64-bit keys to a fixed number of 32-bit words, bounded, the least recently used key out first.
 *
 * Entries lie densely in one buffer, 12 bytes and the payload each. A payload is addressed by the position of its first
 * word, which holds until the next `touch`. An entry bears the number of its last use, so that use costs no list: once
 * the table is full, a pass over it lines up the keys used longest ago, which go one by one unless they are used again.
 * Entries are copied as they are into a snapshot.
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
   * @param maxKeys Keys to remember at most, at least 1.
   * @param onForget Told the position of a key's payload before it is forgotten, but not of those that `load` forgets.
   */
  constructor(payloadWords: number, maxKeys: number, onForget?: (at: number) => void) {
    super(HEAD + payloadWords, maxKeys);
    this.#onForget = onForget;
    this.#index = new KeyIndex(maxKeys);
  }

  /** Number of keys. */
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

  /** Brings what `find` reads first close. */
  warmSlot(low: number, high: number): number {
    return this.#index.warmSlot(low, high);
  }

  /**
   * Position of the key's payload if there is one, else -1; a key found is now the most recently used.
   *
   * @param expected What `find` gave for the key before, which spares looking it up once more unless the key has moved since.
   */
  use(low: number, high: number, expected = NONE): number {
    const at = this.#isAt(expected, low, high) ? expected : this.find(low, high);
    if (at !== NONE) this.#stamp(at);
    return at;
  }

  /** As `use`, but a key that is new gets a payload, all zero. */
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

  /** Takes over the payload of a key from another table of the same layout, if there is one. */
  copyFrom(other: KeyTable, low: number, high: number): void {
    const from = other.find(low, high);
    if (from === NONE) return;
    const at = this.touch(low, high);
    this.words.set(other.words.subarray(from, from + this.stride - HEAD), at);
  }

  /** Writes the entries and the order of their use. */
  save(out: SnapshotWriter): void {
    out.numbers([this.stride, this.#size, this.#evicted, this.#uses]);
    out.words(this.words.subarray(0, this.#size * this.stride));
  }

  /**
   * Takes entries that `save` wrote in the place of its own; where they exceed the bound, the least recently used are
   * forgotten and counted. Throws RangeError for entries of another layout.
   */
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
      const newest = Uint32Array.from({ length: size }, (_, entry) => entry)
        .sort((a, b) => lastUse(saved, b * stride) - lastUse(saved, a * stride));
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
    const { words } = this;
    const stride = this.stride;
    const inOrder = Uint32Array.from({ length: this.#size }, (_, entry) => entry)
      .sort((a, b) => lastUse(words, a * stride) - lastUse(words, b * stride));
    inOrder.forEach((entry, i) => words[entry * stride + HEAD - 1] = i + 1);
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
    const { words } = this;
    const stride = this.stride;
    const step = Math.max(1, Math.floor(this.#size / SAMPLE));
    const sample = Float64Array.from(
      { length: Math.ceil(this.#size / step) },
      (_, i) => lastUse(words, i * step * stride),
    ).sort();
    const end = sample[Math.floor(sample.length / FORGET_SHARE)];
    let length = 0;
    const line = new Uint32Array(this.#size);
    for (let entry = 0; entry < this.#size; entry++) {
      if (lastUse(words, entry * stride) <= end) line[length++] = entry;
    }
    this.#line = line.slice(0, length).sort((a, b) =>
      lastUse(words, a * stride) - lastUse(words, b * stride)
    );
    this.#lineAt = 0;
    this.#lineEnd = end;
  }
}

/** Number of the last use of the entry at `at`; uses are counted from 1. */
function lastUse(words: Uint32Array, at: number): number {
  return words[at + HEAD - 1];
}
