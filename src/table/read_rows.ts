import { grown } from "../runtime/grown.ts";
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
  /** Leave bad rows out and count them instead of throwing at the first. */
  skipBadRows?: boolean;
}

/** Rows of a table as numbers. */
export interface TableBatch {
  /** Row-major values, length at least count × columns. */
  rows: Float32Array;
  count: number;
  /** 1 for fraud, 0 otherwise; one a row. */
  labels?: Uint8Array;
  timestampsMs?: Float64Array;
  /** Number of each row in the table, from 0, the header and empty lines not counted: bad rows leave a gap. */
  rowNumbers: Float64Array;
}

/**
 * Reads cells as rows of float32 values, with label and time where the selection names them.
 *
 * @param table Cells; their batches are used up.
 * @param name The table's name in messages.
 * @param onSkipped Called for each bad row that is left out.
 * @returns Batches whose arrays are valid until the next is asked for.
 * @throws RangeError for a column that the table does not have; without `skipBadRows` also at a row with a missing cell,
 *   one too many, or one that is not a finite number in the range of float32, naming row and column.
 */
export async function* readRows(
  table: TableCells,
  name: string,
  selection: RowSelection,
  onSkipped: () => void,
): AsyncGenerator<TableBatch> {
  const { features, label, timestamp, skipBadRows = false } = selection;
  const place = (column: string) => placeOf(column, table.columns, name);
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

function placeOf(column: string, columns: readonly string[], name: string): number {
  const place = column === "" ? -1 : columns.indexOf(column);
  if (place >= 0) return place;
  throw new RangeError(
    `Cannot read ${name} as it must have a column "${column}": current value is ${columns.join(", ")}`,
  );
}

function describe(cell: unknown, isLabel: boolean, isTime: boolean): string {
  const found = `: current value is ${showCell(cell)}`;
  if (isLabel) return `must be 0, 1, true or false${found}`;
  if (isTime) return `must be a time${found}`;
  return cellKind(cell) === "out of range"
    ? `must be finite and within the range of float32${found}`
    : `must be a number${found}`;
}

/** All rows of a table in memory. */
export interface CollectedRows {
  /** Row-major values: length count × columns. */
  rows: Float32Array;
  /** Labels, one a row; empty where the table has none. */
  labels: Uint8Array;
  count: number;
}

/**
 * Gathers the rows of a table in memory.
 *
 * @param nFeatures Number of columns, at least 1.
 */
export async function collectRows(
  batches: AsyncIterable<TableBatch>,
  nFeatures: number,
): Promise<CollectedRows> {
  let rows = new Float32Array(1024 * nFeatures);
  let labels = new Uint8Array(1024);
  let count = 0;
  let labelled = false;
  for await (const batch of batches) {
    const needed = count + batch.count;
    if (needed > labels.length) {
      const capacity = Math.max(needed, 2 * labels.length);
      rows = grown(rows, capacity * nFeatures);
      labels = grown(labels, capacity);
    }
    rows.set(batch.rows.subarray(0, batch.count * nFeatures), count * nFeatures);
    if (batch.labels) {
      labelled = true;
      labels.set(batch.labels.subarray(0, batch.count), count);
    }
    count = needed;
  }
  return {
    rows: rows.subarray(0, count * nFeatures),
    labels: labels.subarray(0, labelled ? count : 0),
    count,
  };
}
