/** Bits after the leading one that choose the bucket: within 12.5%. */
const DETAIL_BITS = 3;
const DETAIL = 1 << DETAIL_BITS;
const MOST = 2 ** 31 - 1;
const BUCKETS = (31 - DETAIL_BITS + 1) * DETAIL;

/**
 * A histogram of times in whole units (milliseconds, microseconds): exact below 16, within 12.5% above, in 232 counters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { LatencyHistogram } from "./latency_histogram.ts";
 *
 * const histogram = new LatencyHistogram();
 * for (let time = 0; time < 10; time++) histogram.add(time);
 * assertEquals([histogram.quantile(0.5), histogram.count, histogram.below(4)], [5, 10, 4]);
 * ```
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  count = 0;
  sum = 0;

  /** Adds a time; one below 0 counts as 0. */
  add(time: number): void {
    const value = time > 0 ? Math.min(time, MOST) | 0 : 0;
    const shift = Math.max(0, 31 - DETAIL_BITS - Math.clz32(value));
    this.#counts[shift * DETAIL + (value >> shift)]++;
    this.count++;
    this.sum += value;
  }

  addAll(other: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] += other.#counts[i];
    this.count += other.count;
    this.sum += other.sum;
  }

  clear(): void {
    this.#counts.fill(0);
    this.count = this.sum = 0;
  }

  /** Number of times below a power of two. */
  below(powerOfTwo: number): number {
    let count = 0;
    for (let i = 0; i < BUCKETS && startOf(i) < powerOfTwo; i++) count += this.#counts[i];
    return count;
  }

  /** The quantile `q` in [0, 1]; null if the histogram is empty. */
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
