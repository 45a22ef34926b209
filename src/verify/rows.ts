/**
 * What the ledger says of a record against the record itself, and its rows against each other.
 *
 * @module
 */
import type { DecodedBatch } from "../decode/decode.ts";
import { currencyText } from "../domain/currency.ts";
import type { FlaggedTransaction, LoggedTransaction } from "../ledger/ledger.ts";
import { idTexts } from "../ledger/sql/rows.ts";
import type { Problems } from "./problems.ts";

/** Minor units may have been rounded by the rule of an older version. */
const ROUNDING = 1;

/** A row of the ledger, of the log or a flagged one. */
type LedgerRow = Omit<FlaggedTransaction, "verdict">;

/** The rows of the ledger on one record. */
export interface RowsOfRecord {
  logged: LoggedTransaction | undefined;
  flagged: FlaggedTransaction | undefined;
}

/** Compares rows with the records of one decoded batch. */
export class BatchRows {
  readonly #batch: DecodedBatch;
  readonly #place: string;
  readonly #problems: Problems;
  readonly #ids: (id: number) => string;
  #row = 0;

  constructor(batch: DecodedBatch, place: string, problems: Problems) {
    this.#batch = batch;
    this.#place = place;
    this.#problems = problems;
    this.#ids = idTexts(batch.columns);
  }

  /** Compares what there is on a record; records come in the order of the batch. */
  compare(record: number, { logged, flagged }: RowsOfRecord): void {
    const { recordIndex, count } = this.#batch.columns;
    while (this.#row < count && recordIndex[this.#row] < record) this.#row++;
    const row = this.#row < count && recordIndex[this.#row] === record ? this.#row : undefined;
    if (logged !== undefined) this.#differ("log-row-differs", "the log", logged, this.#against(row, logged));
    if (flagged === undefined) {
      if (!logged?.flagged) return;
      this.#differ("log-row-differs", "the log", logged, "says it is flagged, and there is no verdict");
      return;
    }
    const differs = this.#against(row, flagged) ?? ownVerdict(flagged, this.#place) ?? (
      logged && againstLog(flagged, logged)
    );
    this.#differ("verdict-differs", "the verdict", flagged, differs);
  }

  /** Whether the stream's definition passes the record over, so that it has no row and is no dead letter. */
  isPassed(record: number): boolean {
    const { passed, columns, faults } = this.#batch;
    if (passed === 0) return false;
    return !columns.recordIndex.subarray(0, columns.count).includes(record) &&
      !faults.some(({ recordIndex }) => recordIndex === record);
  }

  /** In which way a row is not of the record; undefined where it is. */
  #against(row: number | undefined, of: LedgerRow): string | undefined {
    if (row === undefined) return `is of transaction ${of.transactionId}, and the record is no transaction`;
    const { amountMinor, currency, timestampMs } = this.#batch.columns;
    const ids = ["transactionId", "customerId", "terminalId"] as const;
    for (const [i, name] of ids.entries()) {
      const text = this.#ids(3 * row + i);
      if (text !== of[name]) return `has ${name} ${of[name]}, and the record ${text}`;
    }
    if (timestampMs[row] !== of.timestampMs) {
      return `has the time ${of.timestampMs}, and the record ${timestampMs[row]}`;
    }
    if (currencyText(currency[row]) !== of.currency) {
      return `has the currency ${of.currency}, and the record ${currencyText(currency[row])}`;
    }
    if (Math.abs(amountMinor[row] - of.amountMinor) <= ROUNDING) return undefined;
    return `has ${of.amountMinor} minor units, and the record ${amountMinor[row]}`;
  }

  #differ(kind: string, what: string, { offset }: LedgerRow, how: string | undefined) {
    if (how !== undefined) this.#problems.add(kind, `${what} of ${this.#place} offset ${offset} ${how}`);
  }
}

/** In which way the columns of a flagged transaction are not those of its own verdict. */
function ownVerdict(row: FlaggedTransaction, place: string): string | undefined {
  let verdict: Record<string, unknown>;
  try {
    verdict = JSON.parse(row.verdict);
  } catch {
    return "is not JSON";
  }
  const said: readonly [name: string, ofVerdict: unknown, ofRow: unknown][] = [
    ["place", `${verdict.topic}/${verdict.partition}`, place],
    ["offset", verdict.offset, row.offset],
    ["transaction_id", verdict.transaction_id, row.transactionId],
    ["customer_id", verdict.customer_id, row.customerId],
    ["terminal_id", verdict.terminal_id, row.terminalId],
    ["timestamp", Date.parse(String(verdict.timestamp)), row.timestampMs],
    ["anomaly_score", verdict.anomaly_score, row.anomalyScore],
    ["flagged", verdict.flagged, true],
    ["score above its threshold", Number(verdict.anomaly_score) > Number(verdict.threshold), true],
  ];
  const wrong = said.find(([, ofVerdict, ofRow]) => ofVerdict !== ofRow);
  return wrong && `has ${wrong[0]} ${wrong[1]} in its text, and ${wrong[2]} in its row`;
}

function againstLog(flagged: FlaggedTransaction, logged: LoggedTransaction): string | undefined {
  if (!logged.flagged) return "is there, and the log says it is not flagged";
  if (logged.anomalyScore === flagged.anomalyScore) return undefined;
  return `has the score ${flagged.anomalyScore}, and the log ${logged.anomalyScore}`;
}
