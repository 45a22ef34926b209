/**
 * Seeded randomness, the same numbers on every machine: the transforms use integers, sums and comparisons only, as
 * `Math.log`, `Math.sin` and their like may differ in the last bit between engines.
 *
 * @module
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

const UNIT = 2 ** -32;

/**
 * One stream of random numbers; streams of one seed are 2^64 draws apart, so they never meet.
 *
 * The generator is xoroshiro128+ (Blackman & Vigna 2018) of npm:pure-rand.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { RandomStream } from "./random.ts";
 *
 * const [a, b] = [new RandomStream(42, 0), new RandomStream(42, 0)];
 * assertEquals([a.uniform(), a.normal()], [b.uniform(), b.normal()]);
 * ```
 */
export class RandomStream {
  readonly #generator: { next(): number };

  /** Opens stream number `stream` (0, 1, 2, …) of an integer seed between 0 and 2^32 - 1. */
  constructor(seed: number, stream: number) {
    const generator = xoroshiro128plus(seed | 0);
    for (let i = 0; i <= stream; i++) generator.jump();
    this.#generator = generator;
  }

  /** A number in [0, 1), in steps of 2^-32. */
  uniform(): number {
    return (this.#generator.next() >>> 0) * UNIT;
  }

  /** An integer in [0, bound). */
  integer(bound: number): number {
    return Math.floor((this.#generator.next() >>> 0) * UNIT * bound);
  }

  /**
   * A nearly normal draw of mean 0 and standard deviation 1, within ±6: twelve uniforms less six (Irwin-Hall).
   */
  normal(): number {
    let sum = 6;
    for (let i = 0; i < 6; i++) {
      const word = this.#generator.next();
      sum += (word & 0xffff) + (word >>> 16);
    }
    return sum / 65536 - 6;
  }

  /** A draw of the exponential distribution of mean 1, by comparing uniforms (von Neumann 1951). */
  exponential(): number {
    for (let whole = 0;; whole++) {
      const first = this.uniform();
      let last = first;
      let odd = true;
      for (let next = this.uniform(); next < last; next = this.uniform()) {
        last = next;
        odd = !odd;
      }
      if (odd) return whole + first;
    }
  }
}

/**
 * A number in [0, 1) for one attribute of one entity, which does not depend on how many others there are.
 *
 * The mixing is MurmurHash3's finaliser (Appleby 2011, public domain), applied after each word.
 */
export function entityUniform(seed: number, attribute: number, entity: number): number {
  return mix(mix(mix(seed + 0x9e3779b9) ^ attribute + 0x85ebca6b) ^ entity + 0xc2b2ae35) * UNIT;
}

function mix(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return (word ^ word >>> 16) >>> 0;
}
