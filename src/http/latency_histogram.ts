/** Bits of a time after its leading one that tell buckets apart: within 12.5%. */
const DETAIL_BITS = 3;
const DETAIL = 1 << DETAIL_BITS;
const MAX_MS = 2 ** 31 - 1;
const BUCKETS = (31 - DETAIL_BITS + 1) * DETAIL;

/**
 * A histogram of times in whole milliseconds: exact below 16 ms, within 12.5% above, in 232 counters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { LatencyHistogram } from "./latency_histogram.ts";
 *
 * const histogram = new LatencyHistogram();
 * for (let ms = 0; ms < 10; ms++) histogram.add(ms);
 * assertEquals([histogram.quantile(0.5), histogram.count, histogram.below(4)], [5, 10, 4]);
 * ```
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  /** Number of times. */
  count = 0;
  /** Sum of the times, milliseconds. */
  sumMs = 0;

  /** Adds a time; one below 0 counts as 0. */
  add(ms: number): void {
    const value = ms > 0 ? Math.min(ms, MAX_MS) | 0 : 0;
    const shift = Math.max(0, 31 - DETAIL_BITS - Math.clz32(value));
    this.#counts[shift * DETAIL + (value >> shift)]++;
    this.count++;
    this.sumMs += value;
  }

  /** Adds all of another histogram. */
  addAll(other: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] += other.#counts[i];
    this.count += other.count;
    this.sumMs += other.sumMs;
  }

  /** Forgets all times. */
  clear(): void {
    this.#counts.fill(0);
    this.count = this.sumMs = 0;
  }

  /** Number of times below a power of two, milliseconds. */
  below(powerOfTwoMs: number): number {
    let count = 0;
    for (let i = 0; i < BUCKETS && startOf(i) < powerOfTwoMs; i++) count += this.#counts[i];
    return count;
  }

  /** The time below or at which the share `q` of all lies, milliseconds; null without a time. */
  quantile(q: number): number | null {
    let left = q * this.count;
    if (this.count === 0) return null;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#counts[i];
      if (left < 0) return startOf(i);
    }
    return startOf(this.#counts.findLastIndex((count) => count > 0));
  }
}

/** The smallest time of a bucket. */
function startOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / DETAIL) - 1);
  return (bucket - shift * DETAIL) * 2 ** shift;
}
