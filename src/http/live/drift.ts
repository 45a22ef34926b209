import type { FeatureSummary } from "../../forest/manifest.ts";
import type { FeatureDrift } from "../routes/answers.ts";
import { populationStability } from "../../training/metrics.ts";
import { quantile } from "../../runtime/quantile.ts";

/** Fewer values say nothing. */
const LEAST_VALUES = 200;
/** Values closer than this share of the distance from the smallest quantile to p99 count as equal. */
const SAME_WITHIN = 1e-3;
/** A value that several quantiles share may reach this far towards the next one: the bin between is not empty. */
const MOST_OF_NEXT = 0.9;

/**
 * Compares recent values of one feature with its training summary.
 *
 * The bins of the stability index lie between the summary's quantiles. Values that differ by less than a thousandth of the
 * usual range count as equal: a mean of labels that fades after its last fraud would seem to drift from 1e-6 to 1e-5.
 *
 * @param values Raw values; they are sorted in place.
 */
export function driftOf({ name, quantiles }: FeatureSummary, values: Float32Array): FeatureDrift {
  values.sort();
  const now = values.length === 0 ? {} : Object.fromEntries(
    Object.keys(quantiles).map((key) => [key, quantile(values, shareOf(key))]),
  );
  return {
    name,
    training: quantiles,
    now,
    psi: values.length < LEAST_VALUES ? null : stabilityIndex(quantiles, values),
  };
}

function stabilityIndex(quantiles: Record<string, number>, sorted: Float32Array): number {
  const edges = edgesOf(quantiles);
  const [expected, actual]: number[][] = [[], []];
  let [expectedBefore, actualBefore] = [0, 0];
  for (const [i, { value, share, isSeveral }] of edges.entries()) {
    const upTo = countUpTo(sorted, value) / sorted.length;
    // If several quantiles share a value, training only bounds its share: between the last of them and the next one.
    const most = share + MOST_OF_NEXT * ((edges[i + 1]?.share ?? 1) - share);
    const known = isSeveral ? Math.min(Math.max(upTo, share), most) : share;
    expected.push(known - expectedBefore);
    actual.push(upTo - actualBefore);
    [expectedBefore, actualBefore] = [known, upTo];
  }
  return populationStability(expected, actual);
}

/** Where a bin ends. */
interface Edge {
  /** Largest value in the bin. */
  value: number;
  /** Least share of the training up to here. */
  share: number;
  isSeveral: boolean;
}

/** The ends of the bins, rising; the last one is infinite. */
function edgesOf(quantiles: Record<string, number>): Edge[] {
  const rising = Object.entries(quantiles).map(([key, value]) => ({ value, share: shareOf(key) }))
    .sort((a, b) => a.share - b.share);
  const top = rising.findLast(({ share }) => share <= 0.99) ?? rising[0];
  const sameWithin = (top.value - rising[0].value) * SAME_WITHIN;
  const edges: Edge[] = [];
  for (const { value, share } of rising) {
    const isSeveral = edges.length > 0 && value <= edges[edges.length - 1].value;
    if (isSeveral) edges.pop();
    edges.push({ value: Math.fround(value + sameWithin), share, isSeveral });
  }
  return [...edges, { value: Infinity, share: 1, isSeveral: false }];
}

/** Number of sorted values that are at most `edge`. */
function countUpTo(sorted: Float32Array, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `p99.5` as 0.995. */
function shareOf(key: string): number {
  return Number(key.slice(1)) / 100;
}
