import type { ReplayedTransaction } from "../events/event.ts";
import type { FileTimes, TimestampText } from "../../domain/time.ts";
import { parseJson } from "../../runtime/json.ts";
import { cellNumber, type DecimalSign, isMissing, styleHint } from "../../table/cell.ts";

const JSON_NUMBER = /^(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
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

/** How the cells of a row are read and written. */
export interface RowReading {
  timestampText: TimestampText;
  /** Latest time of a transaction whose label's time can be written. */
  latestMs: number;
  times: FileTimes;
  decimal?: DecimalSign;
}

/**
 * Reads one row of a transaction file into wire form.
 *
 * Columns are the wire format's names or the handbook's (TX_DATETIME, TX_AMOUNT, …), in either case. Ids must not be
 * missing, the amount must be a decimal number of any sign, the time one that `times` takes and not after `latestMs`.
 * Other fields may be missing, also by a word such as NULL. A faulty row keeps the text of its cells.
 *
 * @param columns The file's own name of each field, from `replayColumns`.
 */
export function readReplayRow(
  row: Readonly<Record<string, string>>,
  columns: ReadonlyMap<string, string>,
  { timestampText, latestMs, times, decimal }: RowReading,
): ReplayRow {
  const given = (field: string): string | undefined => row[columns.get(field) ?? field];
  const cell = (field: string) => given(field) ?? "";
  const optional = (field: string) => isMissing(cell(field)) ? "" : cell(field).trim();
  const faults: string[] = [];
  const require = (field: string, required: string, detail?: string) => {
    const text = given(field);
    const current = text === undefined ? "no such column" : JSON.stringify(text.slice(0, 100));
    faults.push(`${field} must be ${required}: current value is ${current}${detail ?? ""}`);
  };
  for (const id of IDS) if (isMissing(cell(id))) require(id, "text");
  const timeMs = times.read(cell("timestamp"));
  if (Number.isNaN(timeMs)) {
    require("timestamp", "a date and time or an epoch", times.hint(cell("timestamp")));
  } else if (timeMs > latestMs) require("timestamp", `up to ${new Date(latestMs).toISOString()}`);
  const amount = cellNumber(cell("amount"), decimal);
  const isAmount = !Number.isNaN(amount);
  if (!isAmount) require("amount", "a decimal number", styleHint(cell("amount"), decimal));
  const fraudCell = optional("is_fraud");
  const isFraud = FRAUD.test(fraudCell) ? true : LEGITIMATE.test(fraudCell) ? false : null;
  if (isFraud === null && fraudCell !== "") require("is_fraud", "0 or 1");
  const scenarioCell = optional("scenario");
  const scenario = scenarioCell === "" ? null : cellNumber(scenarioCell);
  if (scenario !== null && !(Number.isInteger(scenario) && scenario >= 0)) {
    require("scenario", "a whole number of at least 0");
  }

  const transaction: ReplayedTransaction = {
    transaction_id: cell("transaction_id"),
    customer_id: cell("customer_id"),
    terminal_id: cell("terminal_id"),
    amount: isAmount ? exactAmount(amount, cell("amount").trim()) : cell("amount"),
    timestamp: Number.isNaN(timeMs) ? cell("timestamp") : timestampText.write(timeMs),
  };
  for (const field of OPTIONAL) {
    const text = cell(field);
    // NA is Namibia.
    if (!isMissing(text) || (field === "country" && text === "NA")) transaction[field] = text;
  }
  if (faults.some((fault) => fault.endsWith("no such column"))) {
    faults.push(`the columns are ${Object.keys(row).join(", ").slice(0, 200)}`);
  }
  const { merchant_category: category } = transaction;
  // Tables take codes for numbers: zeros in front are lost, and `.0` is added where others are missing.
  const code = category === undefined ? null : /^(\d{1,4})(?:\.0)?$/.exec(category);
  if (code !== null) transaction.merchant_category = code[1].padStart(4, "0");
  return faults.length === 0
    ? { transaction, timestampMs: timeMs, isFraud, scenario, fault: null }
    : { transaction, timestampMs: null, isFraud: null, scenario: null, fault: faults.join("; ") };
}

/** An amount of more digits than float64 holds keeps its text, which is what the decoder rounds. */
function exactAmount(amount: number, text: string): number {
  return text.length > 16 && JSON_NUMBER.test(text) ? parseJson(text) as number : amount;
}

/**
 * The name of each field's column in a file, from its column names; fields without a column are left out.
 *
 * @throws RangeError where several columns may be a field and none has its exact name.
 */
export function replayColumns(names: readonly string[]): Map<string, string> {
  const columns = new Map<string, string>();
  for (const field of [...IDS, "timestamp", "amount", "is_fraud", "scenario", ...OPTIONAL]) {
    const similar = names.filter((name) => [field, COLUMN_OF[field]].includes(name.trim().toLowerCase()));
    if (similar.length > 1 && !similar.includes(field)) {
      throw new RangeError(
        `Cannot replay the file as one column must be the ${field}: current value is ${
          similar.join(" and ")
        }`,
      );
    }
    const column = similar.includes(field) ? field : similar[0];
    if (column !== undefined) columns.set(field, column);
  }
  return columns;
}
