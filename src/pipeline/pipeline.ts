import { type ArrayPool, newArrays } from "../runtime/array_pool.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import type { DecodedBatch } from "../decode/decode.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { encodeVerdict, type Verdict } from "../domain/verdict.ts";
import type { FeatureRows, FeatureStage } from "../features/stage.ts";
import type { DeadLetter, FlaggedTransaction, LogMode, Outcome } from "../ledger/ledger.ts";
import type { Judge } from "./judge.ts";
import { logRows } from "./log_rows.ts";

/** What the way of a stream's batches takes besides the batch. */
export interface PipelineParts {
  judge: Judge;
  /** The feature stage of the batch's partition; its state moves on with each batch. */
  stage: FeatureStage;
  /** Offers the stage the labels that these transactions may see. */
  readLabels(columns: TransactionColumns): Promise<void>;
  /** Which scored transactions get a row of their own in the log. */
  logMode: LogMode;
  /** Memory for columns; nothing of it stays in an outcome. */
  pool: ArrayPool;
  onScored?(scored: ScoredBatch): void;
}

/** A batch between scoring and commit, for observers: it must not be changed or kept. */
export interface ScoredBatch {
  batch: RecordBatch;
  count: number;
  /** Event time of each transaction, milliseconds since 1970. */
  eventTimeMs: Float64Array;
  scores: Float64Array;
  features: FeatureRows;
}

/** The part of an outcome that follows from the batch alone. */
export type BatchOutcome = Pick<
  Outcome,
  | "topic"
  | "partition"
  | "nextOffset"
  | "model"
  | "logMode"
  | "scored"
  | "passed"
  | "log"
  | "flagged"
  | "deadLetters"
>;

/**
 * Takes one batch of the stream the whole way; the feature state of its partition moves on.
 *
 * @param scoredAtMs What the verdicts say of when they were made; nothing else depends on a clock.
 */
export async function processBatch(
  batch: RecordBatch,
  { judge, stage, readLabels, logMode, pool, onScored }: PipelineParts,
  scoredAtMs: number,
): Promise<BatchOutcome> {
  const arrays = pool.take();
  // A log of all transactions holds on to their columns until it is committed.
  const scoreArrays = logMode === "all" ? newArrays : arrays;
  await judge.decoder.prepare?.(batch);
  const { columns, faults, passed } = judge.decode(batch, scoreArrays);
  await readLabels(columns);
  const { features, scores, decided } = judge.assess(columns, stage, {
    verdicts: "flagged",
    scoredAtMs,
    arrays,
    scoreArrays,
  });
  const { count } = columns;
  onScored?.({ batch, count, eventTimeMs: columns.timestampMs, scores, features });
  const outcome: BatchOutcome = {
    topic: batch.topic,
    partition: batch.partition,
    nextOffset: batch.nextOffset,
    model: judge.model.sha256,
    logMode,
    scored: count,
    passed,
    log: logRows(batch, { columns, scores, flaggedRows: decided.map(({ row }) => row) }, logMode),
    flagged: decided.map(({ row, verdict }) => flaggedOf(batch, columns.recordIndex[row], verdict)),
    deadLetters: faults.map((fault) => deadLetterOf(batch, fault)),
  };
  pool.give(arrays);
  return outcome;
}

function flaggedOf(
  { topic, partition, offsets }: RecordBatch,
  record: number,
  verdict: Verdict,
): FlaggedTransaction {
  const { transaction } = verdict;
  const offset = offsets[record];
  return {
    offset,
    transactionId: transaction.transactionId,
    customerId: transaction.customerId,
    terminalId: transaction.terminalId,
    amountMinor: transaction.amountMinor,
    currency: transaction.currency ?? null,
    timestampMs: transaction.timestampMs,
    anomalyScore: verdict.anomalyScore,
    verdict: encodeVerdict(verdict, { topic, partition, offset }),
  };
}

/** A record that is no transaction, as the ledger keeps it. */
export function deadLetterOf(
  batch: RecordBatch,
  { recordIndex, error }: DecodedBatch["faults"][number],
): DeadLetter {
  return {
    offset: batch.offsets[recordIndex],
    reason: error.reason,
    detail: error.message,
    key: keyOf(batch, recordIndex),
    value: valueOf(batch, recordIndex),
    producedAtMs: batch.timestampMs[recordIndex],
  };
}
