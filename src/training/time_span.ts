/** Share of the times at each end that may lie apart from the others. */
const STRAY_SHARE = 0.001;
/** How far beyond the times between these shares, in parts of their span, a time still belongs to them. */
const SLACK = 0.1;

/** From the earliest to the latest of some times, milliseconds since 1970. */
export interface TimeSpan {
  firstMs: number;
  lastMs: number;
}

/**
 * The time that rows span, whatever single ones say: up to one time in a thousand at each end is left out where it
 * lies apart from the rest by more than a tenth of the span, as that of a future-dated record does.
 *
 * @param timestampsMs Epoch milliseconds in any order.
 * @returns Earliest and latest of the times that are not left out; undefined where there is no time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { timeSpan } from "./time_span.ts";
 *
 * const times = Float64Array.from({ length: 1001 }, (_, i) => i);
 * assertEquals(timeSpan(times), { firstMs: 0, lastMs: 1000 });
 * times[500] = 1e12;
 * assertEquals(timeSpan(times), { firstMs: 0, lastMs: 1000 });
 * ```
 */
export function timeSpan(timestampsMs: Float64Array): TimeSpan | undefined {
  if (timestampsMs.length === 0) return undefined;
  const sorted = timestampsMs.toSorted();
  const low = sorted[Math.ceil(STRAY_SHARE * (sorted.length - 1))];
  const high = sorted[Math.floor((1 - STRAY_SHARE) * (sorted.length - 1))];
  const slackMs = SLACK * (high - low);
  let first = 0;
  while (sorted[first] < low - slackMs) first++;
  let last = sorted.length - 1;
  while (sorted[last] > high + slackMs) last--;
  return { firstMs: sorted[first], lastMs: sorted[last] };
}
