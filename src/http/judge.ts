import type { RecordBatch } from "../broker/broker.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { encodeVerdict } from "../domain/verdict.ts";
import type { FeatureStates, FoundState } from "./live/feature_states.ts";
import type { HttpParts } from "./parts.ts";

/** What became of a record: the verdict as JSON, or why it is not a transaction. */
export type Judgement = { verdict: string } | { reason: string; detail: string };

/**
 * Judges records as the stream does, each against the state of its customer.
 *
 * A record of a caller has the clock's time, or the stream's if that runs ahead of it. Nothing is committed. A state of the stream stays as it is, so records of one call do not see one another.
 *
 * @returns One judgement a record, in their order.
 */
export function judge(
  batch: RecordBatch,
  { judge, states, live, service }: Pick<HttpParts, "judge" | "states" | "live" | "service">,
  scoredAtMs: number,
): Judgement[] {
  const streamMs = service === "consume" ? live.eventTimeMs ?? 0 : 0;
  batch.timestampMs.fill(Math.max(scoredAtMs, streamMs));
  const { columns, faults } = judge.decode(batch);
  const judgements = new Array<Judgement>(batch.count);
  for (const { recordIndex, error } of faults) {
    judgements[recordIndex] = { reason: error.reason, detail: error.message };
  }
  for (const [{ stage, origin, partition, advances }, rows] of rowsByState(columns, states)) {
    const share = rows.length === columns.count ? columns : selectRows(columns, rows);
    const { count, timestampMs: eventTimeMs } = share;
    const { features, scores, decided } = judge.assess(share, stage, {
      peek: !advances,
      verdicts: "all",
      scoredAtMs,
    });
    if (advances) live.answered({ count, eventTimeMs, scores, features });
    for (const { row, verdict } of decided) {
      judgements[share.recordIndex[row]] = {
        verdict: encodeVerdict(verdict, null, {
          ...{ state: origin, state_partition: partition },
        }),
      };
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
