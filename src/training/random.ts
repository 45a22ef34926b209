/**
 * Seeded random numbers from 32-bit integer operations, the same on every machine.
 *
 * @module
 */

const TWO_26 = 67108864;
const TWO_53 = 9007199254740992;

/** Finalizer of MurmurHash3 (Appleby 2011): a bijection of 32-bit integers that spreads every input bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Pseudo-random generator xoshiro128** 1.1 (Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators",
 * ACM TOMS 47), state 128 bits, period 2^128 - 1.
 *
 * Each pair of seed and stream starts an unrelated sequence: the four state words are successive outputs of a counter
 * run through the MurmurHash3 finalizer, the seed and the stream being hashed into its start. Not for cryptography.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Random } from "./random.ts";
 *
 * assertEquals(new Random(7, 1).float(), new Random(7, 1).float());
 * ```
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * Starts a sequence.
   *
   * @param seed Integer from 0 to 2^53 - 1. Throws RangeError otherwise.
   * @param stream Number of the sequence, an integer from 0 to 2^32 - 1.
   */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(
        `Cannot start random numbers as the seed must be an integer from 0 to 2^53 - 1: current value is ${seed}`,
      );
    }
    const low = mix((seed >>> 0) + 0x9e3779b9);
    const high = mix(low ^ Math.floor(seed / 4294967296));
    let counter = mix(high ^ mix(stream + 0x7f4a7c15));
    const word = () => mix(counter = (counter + 0x9e3779b9) | 0);
    this.#a = word();
    this.#b = word();
    this.#c = word();
    // Four words from distinct counters hold at most one zero, so the forbidden all-zero state can't occur.
    this.#d = word();
  }

  /** Next 32 random bits as a signed integer. */
  int32(): number {
    const m = Math.imul(this.#b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Next number in [0, 1), a multiple of 2^-53. */
  float(): number {
    const high = this.int32() >>> 5;
    return (high * TWO_26 + (this.int32() >>> 6)) / TWO_53;
  }

  /** Next integer in [0, n); n from 1 to 2^32, where the bias stays below 2^-21. */
  below(n: number): number {
    return Math.floor(this.float() * n);
  }
}
