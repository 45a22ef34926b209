import type { RecordBatch } from "../broker/broker.ts";
import { decide } from "../pipeline/decide.ts";
import { scoreRows } from "../pipeline/score.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { encodeVerdict } from "../domain/verdict.ts";
import type { FeatureStates, FoundState } from "./live/feature_states.ts";
import type { HttpParts } from "./parts.ts";

/** What became of a record: the verdict as JSON, or what keeps it from being a transaction. */
export type Judgement = { verdict: string } | { reason: string; detail: string };

/**
 * Decodes, scores and decides records by the stages of the stream, each against the state of its customer.
 *
 * Nothing is committed. A state of the stream stays as it is; records of one call then do not see one another.
 *
 * @returns One judgement a record, in their order.
 */
export function judge(
  batch: RecordBatch,
  parts: Pick<HttpParts, "decoder" | "model" | "scorer" | "explainer" | "states" | "live">,
  scoredAtMs: number,
): Judgement[] {
  const { columns, faults } = parts.decoder.decodeBatch(batch);
  const judgements = new Array<Judgement>(batch.count);
  for (const { recordIndex, error } of faults) {
    judgements[recordIndex] = { reason: error.reason, detail: error.message };
  }
  for (const [{ stage, origin, advances }, rows] of rowsByState(columns, parts.states)) {
    const share = rows.length === columns.count ? columns : selectRows(columns, rows);
    const features = advances ? stage.apply(share) : stage.peek(share);
    const scores = scoreRows(parts.scorer, features, share.count);
    if (advances) {
      parts.live.scored({ batch, count: share.count, eventTimeMs: share.timestampMs, scores, features });
    }
    const decided = decide(share, scores, features, {
      model: parts.model,
      explainer: parts.explainer,
      topic: "",
      partition: 0,
      offsets: batch.offsets,
      scoredAtMs,
      every: true,
    });
    for (const { row, verdict } of decided) {
      const { topic: _topic, partition: _partition, offset: _offset, ...placeless } = verdict;
      judgements[share.recordIndex[row]] = { verdict: encodeVerdict(placeless, { state: origin }) };
    }
  }
  return judgements;
}

function rowsByState(columns: TransactionColumns, states: FeatureStates): Map<FoundState, number[]> {
  const byStage = new Map<FoundState["stage"], [FoundState, number[]]>();
  for (let row = 0; row < columns.count; row++) {
    const found = states.of(columns.transaction(row).customerId);
    const known = byStage.get(found.stage);
    if (known === undefined) byStage.set(found.stage, [found, [row]]);
    else known[1].push(row);
  }
  return new Map(byStage.values());
}

/** Some rows of columns, in their order. */
function selectRows(columns: TransactionColumns, rows: readonly number[]): TransactionColumns {
  const keys = (from: Uint32Array) =>
    Uint32Array.from(rows.flatMap((row) => [from[2 * row], from[2 * row + 1]]));
  return {
    count: rows.length,
    recordIndex: Int32Array.from(rows, (row) => columns.recordIndex[row]),
    amount: Float64Array.from(rows, (row) => columns.amount[row]),
    timestampMs: Float64Array.from(rows, (row) => columns.timestampMs[row]),
    transactionKey: keys(columns.transactionKey),
    customerKey: keys(columns.customerKey),
    terminalKey: keys(columns.terminalKey),
    transaction: (row) => columns.transaction(rows[row]),
  };
}
