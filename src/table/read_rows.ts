import type { RowBatch } from "../training/train_stream.ts";
import { cellKind, cellLabel, cellNumber, cellTime, showCell } from "./cell.ts";
import { BadRow, type TableCells } from "./read_cells.ts";

/** Which columns to read, and what to do with bad rows. */
export interface RowSelection {
  /** Names of the columns that make a row, in the order wanted. */
  features: string[];
  /** Name of the column that holds 1 or true for a fraud, 0 or false otherwise. */
  label?: string;
  /** Name of the column that holds the time. */
  timestamp?: string;
  /** Leave bad rows out and count them, in the place of an error at the first. */
  skipBadRows?: boolean;
}

/** Rows of a table as numbers. */
export interface TableBatch extends RowBatch {
  /** Number of each row in the table, from 0, the header and empty lines not counted: bad rows leave a gap. */
  rowNumbers: Float64Array;
}

/**
 * Reads cells as rows of float32 values, with label and time where the selection names them.
 *
 * @param table Cells; their batches are used up.
 * @param name What to call the table in a message.
 * @param selection Throws RangeError for a column that the table does not have.
 * @param onSkipped Called for each bad row that is left out.
 * @returns Batches whose arrays are valid until the next is asked for. Without `skipBadRows` it throws RangeError at a row with a cell
 *   missing, too many, or one that is no finite number in the range of float32, naming row and column.
 */
export async function* readRows(
  table: TableCells,
  name: string,
  selection: RowSelection,
  onSkipped: () => void,
): AsyncGenerator<TableBatch> {
  const { features, label, timestamp, skipBadRows = false } = selection;
  const place = (column: string): number => {
    const index = column === "" ? -1 : table.columns.indexOf(column);
    if (index < 0) {
      throw new RangeError(
        `Cannot read ${name} as it must have a column "${column}": current value is ${
          table.columns.join(", ")
        }`,
      );
    }
    return index;
  };
  const columns = Int32Array.from(features, place);
  const labelColumn = label === undefined ? -1 : place(label);
  const timeColumn = timestamp === undefined ? -1 : place(timestamp);
  const width = columns.length;
  let row = 0;
  let capacity = 0;
  let rows = new Float32Array(0);
  let rowNumbers = new Float64Array(0);
  let labels: Uint8Array | undefined;
  let timestampsMs: Float64Array | undefined;

  const refuse = (cells: unknown[] | BadRow, column: number): void => {
    if (skipBadRows) return onSkipped();
    const problem = cells instanceof BadRow
      ? cells.problem
      : `column "${table.columns[column]}" ${
        describe(cells[column], column === labelColumn, column === timeColumn && !columns.includes(column))
      }`;
    throw new RangeError(`Cannot read ${name} as row ${row} ${problem}`);
  };
  /** Reads a row into place `count`; the first column that is bad, or -1. */
  const read = (cells: unknown[], count: number): number => {
    const at = count * width;
    for (let f = 0; f < width; f++) {
      const value = cellNumber(cells[columns[f]]);
      if (value !== value) return columns[f];
      rows[at + f] = value;
    }
    if (labels) {
      const value = cellLabel(cells[labelColumn]);
      if (value === undefined) return labelColumn;
      labels[count] = value;
    }
    if (timestampsMs) {
      timestampsMs[count] = cellTime(cells[timeColumn]);
      if (!Number.isFinite(timestampsMs[count])) return timeColumn;
    }
    rowNumbers[count] = row;
    return -1;
  };

  for await (const batch of table.batches) {
    if (batch.length > capacity) {
      capacity = batch.length;
      rows = new Float32Array(capacity * width);
      rowNumbers = new Float64Array(capacity);
      if (labelColumn >= 0) labels = new Uint8Array(capacity);
      if (timeColumn >= 0) timestampsMs = new Float64Array(capacity);
    }
    let count = 0;
    for (const cells of batch) {
      const bad = cells instanceof BadRow ? 0 : read(cells, count);
      if (cells instanceof BadRow || bad >= 0) refuse(cells, bad);
      else count++;
      row++;
    }
    if (count > 0) yield { rows, count, labels, timestampsMs, rowNumbers };
  }
}

function describe(cell: unknown, isLabel: boolean, isTime: boolean): string {
  const found = `: current value is ${showCell(cell)}`;
  if (isLabel) return `must be 0, 1, true or false${found}`;
  if (isTime) return `must be a time${found}`;
  return cellKind(cell) === "out of range"
    ? `must be finite and within the range of float32${found}`
    : `must be a number${found}`;
}
