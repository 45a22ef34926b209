/**
 * Log rows to the embedded ledger, many by one statement: that takes half the time of a statement a row.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { currencyText } from "../../domain/currency.ts";
import type { Outcome } from "../ledger.ts";
import { idTexts, storableTime } from "../sql/rows.ts";

const COLUMNS = 13;
/** Rows of the large statement. */
const ROWS = 32;

/** Prepares the statements and returns the function that inserts the log rows of an outcome, in its transaction. */
export function sqliteLog(database: DatabaseSync): (outcome: Outcome) => void {
  const statementOf = (rows: number) => {
    const row = `(${Array(COLUMNS).fill("?").join()})`;
    return database.prepare(`INSERT INTO transaction_log VALUES ${Array(rows).fill(row).join()}`);
  };
  const [many, one] = [statementOf(ROWS), statementOf(1)];

  return ({ topic, partition, committedAtMs, log }) => {
    const idText = idTexts(log);
    const values: SQLInputValue[] = new Array(ROWS * COLUMNS);
    for (let row = 0; row < log.count;) {
      const isMany = log.count - row >= ROWS;
      const rows = isMany ? ROWS : 1;
      for (let at = 0; at < rows * COLUMNS; row++) {
        values[at++] = topic;
        values[at++] = partition;
        values[at++] = log.offset[row];
        values[at++] = idText(3 * row);
        values[at++] = idText(3 * row + 1);
        values[at++] = idText(3 * row + 2);
        values[at++] = log.amountMinor[row];
        values[at++] = currencyText(log.currency[row]);
        values[at++] = log.timestampMs[row];
        values[at++] = log.anomalyScore[row];
        values[at++] = log.flagged[row];
        values[at++] = storableTime(log.producedAtMs[row]);
        values[at++] = committedAtMs;
      }
      if (isMany) many.run(...values);
      else one.run(...values.slice(0, COLUMNS));
    }
  };
}
