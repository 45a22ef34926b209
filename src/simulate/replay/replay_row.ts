import type { ReplayedTransaction } from "../events/event.ts";
import { parseFileTime, type TimestampText } from "../../domain/time.ts";

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const FRAUD = /^(?:1(?:\.0*)?|true)$/i;
const LEGITIMATE = /^(?:0(?:\.0*)?|false)$/i;
const IDS = ["transaction_id", "customer_id", "terminal_id"] as const;
/** Optional fields of the wire format. */
const OPTIONAL = ["currency", "merchant_category", "country", "channel"] as const;

/** The field each column fills, where the handbook's own files call it something else. */
const COLUMN_OF: Readonly<Record<string, string>> = {
  timestamp: "tx_datetime",
  amount: "tx_amount",
  is_fraud: "tx_fraud",
  scenario: "tx_fraud_scenario",
};

/** One row of a file, read. */
export interface ReplayRow {
  readonly transaction: ReplayedTransaction;
  /** Milliseconds since 1970; null in a faulty row. */
  readonly timestampMs: number | null;
  /** Null where the file does not say, and in a faulty row. */
  readonly isFraud: boolean | null;
  /** Null where the file does not say, and in a faulty row. */
  readonly scenario: number | null;
  /** What is wrong with the row: the field, what it must be, what it is; null in a good row. */
  readonly fault: string | null;
}

/**
 * Reads one row of a transaction file into wire form.
 *
 * Columns are the wire format's names or the handbook's (TX_DATETIME, TX_AMOUNT, …), in either case. Ids must not be
 * empty, the amount must be a decimal number of any sign, the time one that `parseFileTime` takes and not after
 * `latestMs`, so that its label's time can be written too. A faulty row keeps the text of its cells.
 *
 * @param columns The file's own name of each field, from `replayColumns`.
 */
export function readReplayRow(
  row: Readonly<Record<string, string>>,
  columns: ReadonlyMap<string, string>,
  { timestampText, latestMs }: { readonly timestampText: TimestampText; readonly latestMs: number },
): ReplayRow {
  const given = (field: string): string | undefined => row[columns.get(field) ?? field];
  const cell = (field: string) => given(field) ?? "";
  const faults: string[] = [];
  const require = (field: string, required: string) => {
    const text = given(field);
    const current = text === undefined ? "no such column" : JSON.stringify(text.slice(0, 100));
    faults.push(`${field} must be ${required}: current value is ${current}`);
  };
  for (const id of IDS) if (cell(id) === "") require(id, "text");
  const timeMs = parseFileTime(cell("timestamp"));
  if (Number.isNaN(timeMs)) require("timestamp", "a date and time or an epoch");
  else if (timeMs > latestMs) require("timestamp", `up to ${new Date(latestMs).toISOString()}`);
  const amount = parseDecimal(cell("amount"));
  if (amount === null) require("amount", "a decimal number");
  const fraudCell = cell("is_fraud").trim();
  const isFraud = FRAUD.test(fraudCell) ? true : LEGITIMATE.test(fraudCell) ? false : null;
  if (isFraud === null && fraudCell !== "") require("is_fraud", "0 or 1");
  const scenarioCell = cell("scenario").trim();
  const scenario = parseDecimal(scenarioCell);
  if (scenarioCell !== "" && (scenario === null || !Number.isInteger(scenario) || scenario < 0)) {
    require("scenario", "a whole number of at least 0");
  }

  const transaction: ReplayedTransaction = {
    transaction_id: cell("transaction_id"),
    customer_id: cell("customer_id"),
    terminal_id: cell("terminal_id"),
    amount: amount ?? cell("amount"),
    timestamp: Number.isNaN(timeMs) ? cell("timestamp") : timestampText.write(timeMs),
  };
  for (const field of OPTIONAL) {
    const text = cell(field);
    if (text !== "") transaction[field] = text;
  }
  return faults.length === 0
    ? { transaction, timestampMs: timeMs, isFraud, scenario, fault: null }
    : { transaction, timestampMs: null, isFraud: null, scenario: null, fault: faults.join("; ") };
}

/**
 * The name of each field's column in a file, from the names of its first row; fields without a column are left out.
 */
export function replayColumns(names: readonly string[]): Map<string, string> {
  const columns = new Map<string, string>();
  for (const field of [...IDS, "timestamp", "amount", "is_fraud", "scenario", ...OPTIONAL]) {
    const column = names.find((name) => name === field) ??
      names.find((name) => [field, COLUMN_OF[field]].includes(name.trim().toLowerCase()));
    if (column !== undefined) columns.set(field, column);
  }
  return columns;
}

function parseDecimal(cell: string): number | null {
  const text = cell.trim();
  if (!DECIMAL.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
