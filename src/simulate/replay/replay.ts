import { FileTimes, MAX_TIMESTAMP_MS, TimestampText } from "../../domain/time.ts";
import type { DecimalSign } from "../../table/cell.ts";
import { type DelayedLabel, DelayedLabels } from "./delayed_labels.ts";
import type { LabelMode, ReplayedEvent, ReplayedLabel } from "../events/event.ts";
import { readReplayRow, replayColumns } from "./replay_row.ts";

const DAY_MS = 86_400_000;

/** How a file is replayed. */
export interface ReplayOptions {
  /** How long after its transaction a label becomes known, milliseconds. @default 7 days */
  labelDelayMs?: number;
  /** Which transactions get a label, among those whose row says whether they are fraud. @default "all" */
  labels?: LabelMode;
  /** Pass a faulty row on with the text of its cells and no label instead of throwing. @default false */
  lenient?: boolean;
  /** Called for a faulty row that is passed on: "row 3 as …". */
  onFault?(problem: string): void;
  /** Reads the times; by default a new one. */
  times?: FileTimes;
  /** Sign of the fraction in amounts. @default "." alone */
  decimal?: DecimalSign;
}

/**
 * Turns the rows of a transaction file into the stream they were: transactions in file order, labels when they became
 * known.
 *
 * Columns are those of the fraud detection handbook: transaction_id, timestamp, customer_id, terminal_id, amount, and
 * if given is_fraud and scenario; other fields of the wire format pass through. A label comes before the first row
 * whose time is at least `labelled_at` (the transaction's time plus the delay), in the order of `labelled_at`. Rows out
 * of time order stay in file order, and a row later than the delay has its label out of order with it. Labels still
 * waiting follow the last row. Amounts of 0 or less are passed on: the decoder decides.
 *
 * @throws {RangeError} When a row is faulty and `lenient` is not set; the message names the row (1 is the first after
 *   the header) and the field. When `labelDelayMs` is negative or not a whole number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { replayTransactions } from "./replay.ts";
 *
 * async function* rows() {
 *   const cells = { customer_id: "c", terminal_id: "t", amount: "9.50" };
 *   yield { transaction_id: "1", timestamp: "2018-04-01 10:00:00", is_fraud: "1", ...cells };
 *   yield { transaction_id: "2", timestamp: "2018-04-09 10:00:00", is_fraud: "0", ...cells };
 * }
 * const order = [];
 * for await (const event of replayTransactions(rows())) {
 *   order.push(event.kind === "label" ? `label ${event.label.transaction_id}` : event.transaction.transaction_id);
 * }
 * assertEquals(order, ["1", "label 1", "2", "label 2"]);
 * ```
 */
export async function* replayTransactions(
  rows: AsyncIterable<Readonly<Record<string, string>>>,
  options: ReplayOptions = {},
): AsyncGenerator<ReplayedEvent, void, undefined> {
  const batches = async function* () {
    for await (const row of rows) yield [row];
  };
  for await (const events of replayBatches(batches(), options)) yield* events;
}

/**
 * Turns batches of rows into batches of events, as `replayTransactions` does row by row.
 *
 * @returns Batches to iterate once, to the end, before asking for the next; iterating throws as `replayTransactions`.
 */
export async function* replayBatches(
  batches: AsyncIterable<Iterable<Readonly<Record<string, string>>>>,
  options: ReplayOptions = {},
): AsyncGenerator<Iterable<ReplayedEvent>, void, undefined> {
  const { labelDelayMs = 7 * DAY_MS, labels = "all", lenient = false, times = new FileTimes(), decimal } =
    options;
  checkDelay(labelDelayMs);
  const delayed = new DelayedLabels();
  // One writer for each of the three times, as each keeps the text of its day.
  const [timestampText, madeAt, labelledAt] = [new TimestampText(), new TimestampText(), new TimestampText()];
  const rowOptions = { timestampText, latestMs: MAX_TIMESTAMP_MS - labelDelayMs, times, decimal };
  let columns = new Map<string, string>();
  let width = 0;
  let rowNumber = 0;
  for await (const rows of batches) yield eventsOf(rows);
  yield waiting();

  function* eventsOf(rows: Iterable<Readonly<Record<string, string>>>): Generator<ReplayedEvent> {
    for (const row of rows) {
      rowNumber++;
      const names = Object.keys(row);
      // A row of NDJSON may have fields that none before had.
      if (names.length !== width) columns = replayColumns(names);
      width = names.length;
      const { transaction, timestampMs, isFraud, scenario, fault } = readReplayRow(row, columns, rowOptions);
      if (fault !== null) {
        if (!lenient) throw new RangeError(`Cannot replay row ${rowNumber} as ${fault}`);
        options.onFault?.(`row ${rowNumber} as ${fault}`);
      }
      if (timestampMs !== null) {
        while (delayed.oldestMs + labelDelayMs <= timestampMs) yield label(delayed.shift());
      }
      yield { kind: "transaction", transaction, isFraud, scenario };
      if (
        timestampMs !== null && isFraud !== null && (labels === "all" || (labels === "frauds" && isFraud))
      ) {
        delayed.push({
          transactionId: transaction.transaction_id,
          customerId: transaction.customer_id,
          terminalId: transaction.terminal_id,
          timestampMs,
          isFraud,
          scenario,
        });
      }
    }
  }

  function* waiting(): Generator<ReplayedEvent> {
    while (delayed.length > 0) yield label(delayed.shift());
  }

  function label(of: DelayedLabel): { kind: "label"; label: ReplayedLabel } {
    return {
      kind: "label",
      label: {
        transaction_id: of.transactionId,
        customer_id: of.customerId,
        terminal_id: of.terminalId,
        timestamp: madeAt.write(of.timestampMs),
        is_fraud: of.isFraud,
        labelled_at: labelledAt.write(of.timestampMs + labelDelayMs),
        ...(of.scenario === null ? {} : { scenario: of.scenario }),
      },
    };
  }
}

function checkDelay(labelDelayMs: number): void {
  if (!Number.isSafeInteger(labelDelayMs) || labelDelayMs < 0) {
    throw new RangeError(
      `Cannot replay transactions as labelDelayMs must be a whole number of at least 0: current value is ${labelDelayMs}`,
    );
  }
}
