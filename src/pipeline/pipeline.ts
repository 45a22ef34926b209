/**
 * The whole way of a batch: decode, features, score, decide, and the outcome that the ledger commits.
 *
 * @module
 */
import { type ArrayPool, newArrays } from "../runtime/array_pool.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import type { Explainer } from "../forest/explain.ts";
import type { Model } from "../forest/manifest.ts";
import type { Scorer } from "../forest/scorer/scorer.ts";
import type { DeadLetter, FlaggedTransaction, LogMode, Outcome } from "../ledger/ledger.ts";
import { logRows } from "./log_rows.ts";
import { decide } from "./decide.ts";
import type { Decoder } from "../decode/wasm.ts";
import type { FeatureRows, FeatureStage } from "../features/stage.ts";
import { scoreRows } from "./score.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { encodeVerdict } from "../domain/verdict.ts";

/** What the way of a batch takes besides the batch. */
export interface PipelineParts {
  decoder: Decoder;
  /** The model that scores; it names features, threshold and its own hash. */
  model: Model;
  scorer: Scorer;
  /** Tells the reasons of what is flagged, with the same forest. */
  explainer: Explainer;
  /** The feature stage of the batch's partition; its state moves on with each batch. */
  stage: FeatureStage;
  /** Makes the labels available that these transactions may see. */
  readLabels(columns: TransactionColumns): Promise<void>;
  /** Which scored transactions get a row of their own in the log. */
  logMode: LogMode;
  /** Memory for the columns of batches; what is in an outcome is not of it. */
  pool: ArrayPool;
  /** Told of each batch when it is scored, before it is committed. */
  onScored?(scored: ScoredBatch): void;
}

/** A batch between scoring and commit, for whoever looks on; what is in it must not be changed, nor be kept. */
export interface ScoredBatch {
  batch: RecordBatch;
  count: number;
  /** Event time of each transaction, milliseconds since 1970. */
  eventTimeMs: Float64Array;
  scores: Float64Array;
  /** The features of each transaction, before and after the transforms. */
  features: FeatureRows;
}

/** The part of an outcome that follows from the batch alone. */
export type BatchOutcome = Pick<
  Outcome,
  "topic" | "partition" | "nextOffset" | "model" | "logMode" | "scored" | "log" | "flagged" | "deadLetters"
>;

/**
 * Takes one batch the whole way; the feature state of its partition moves on.
 *
 * @param scoredAtMs What the verdicts say of when they were made; nothing else depends on a clock.
 */
export async function processBatch(
  batch: RecordBatch,
  parts: PipelineParts,
  scoredAtMs: number,
): Promise<BatchOutcome> {
  const { decoder, model, scorer, explainer, stage, logMode, pool } = parts;
  const { topic, partition, offsets } = batch;

  const arrays = pool.take();
  // A log of all transactions holds on to their columns until it is committed.
  const logged = logMode === "all" ? newArrays : arrays;
  const { columns, faults } = decoder.decodeBatch(batch, logged);
  await parts.readLabels(columns);
  const features = stage.apply(columns, arrays);
  const scores = scoreRows(scorer, features, columns.count, logged);
  parts.onScored?.({ batch, count: columns.count, eventTimeMs: columns.timestampMs, scores, features });
  const decided = decide(columns, scores, features, {
    model,
    explainer,
    topic,
    partition,
    offsets,
    scoredAtMs,
  });

  const flagged = decided.map(({ verdict }): FlaggedTransaction => ({
    offset: verdict.offset,
    transactionId: verdict.transaction.transactionId,
    customerId: verdict.transaction.customerId,
    terminalId: verdict.transaction.terminalId,
    amountMinor: verdict.transaction.amountMinor,
    currency: verdict.transaction.currency ?? null,
    timestampMs: verdict.transaction.timestampMs,
    anomalyScore: verdict.anomalyScore,
    verdict: encodeVerdict(verdict),
  }));
  const deadLetters = faults.map(({ recordIndex, error }): DeadLetter => ({
    offset: offsets[recordIndex],
    reason: error.reason,
    detail: error.message,
    key: keyOf(batch, recordIndex),
    value: valueOf(batch, recordIndex),
    producedAtMs: batch.timestampMs[recordIndex],
  }));
  const log = logRows(batch, { columns, scores, flaggedRows: decided.map(({ row }) => row) }, logMode);
  const scored = columns.count;
  pool.give(arrays);
  return {
    topic,
    partition,
    nextOffset: batch.nextOffset,
    model: model.sha256,
    logMode,
    scored,
    log,
    flagged,
    deadLetters,
  };
}
