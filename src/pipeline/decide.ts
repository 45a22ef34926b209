/**
 * The fourth stage: scores to verdicts, with their reasons.
 *
 * @module
 */
import { featureRegistry } from "../features/registry.ts";
import type { Explainer } from "../forest/explain.ts";
import type { Model } from "../forest/manifest.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import type { Reason, Verdict } from "../domain/verdict.ts";
import type { FeatureRows } from "../features/stage.ts";

/** What deciding takes besides the scores. */
export interface DecideParts {
  /** The model that scored: its threshold decides, its hash names it. */
  model: Model;
  explainer: Explainer;
  topic: string;
  /** Partition of the batch, from 0. */
  partition: number;
  /** Offset of each record of the batch, by record position. */
  offsets: Float64Array;
  /** When the batch was scored, milliseconds since 1970. */
  scoredAtMs: number;
  /** A verdict for every row, flagged or not (default false). */
  every?: boolean;
}

/**
 * Makes a verdict for each row whose score is above the model's threshold, or for every row, in offset order.
 *
 * @param scores One anomaly score a row.
 */
export function decide(
  columns: TransactionColumns,
  scores: Float64Array,
  { raw, rows }: FeatureRows,
  parts: DecideParts,
): { row: number; verdict: Verdict }[] {
  const { threshold } = parts.model.manifest;
  const decided: { row: number; verdict: Verdict }[] = [];
  const nFeatures = parts.model.forest.nFeatures;
  for (let row = 0; row < columns.count; row++) {
    const flagged = scores[row] > threshold;
    if (!flagged && !parts.every) continue;
    const at = row * nFeatures;
    decided.push({
      row,
      verdict: {
        transaction: columns.transaction(row),
        topic: parts.topic,
        partition: parts.partition,
        offset: parts.offsets[columns.recordIndex[row]],
        anomalyScore: scores[row],
        threshold,
        flagged,
        model: parts.model.sha256,
        reasons: reasonsOf(raw.subarray(at, at + nFeatures), rows.subarray(at, at + nFeatures), parts),
        scoredAtMs: parts.scoredAtMs,
      },
    });
  }
  return decided;
}

/** One reason a feature, the one that speaks most for an anomaly first. */
function reasonsOf(raw: Float32Array, row: Float32Array, { model, explainer }: DecideParts): Reason[] {
  const { contributions } = explainer.explain(row);
  return model.manifest.features
    .map(({ name }, i) => ({
      feature: name,
      value: raw[i],
      contribution: contributions[i],
      text: featureRegistry.get(name)?.sentence(raw[i]) ?? `${name} is ${raw[i]}`,
    }))
    .sort((a, b) => a.contribution - b.contribution);
}
