import { grown } from "../runtime/grown.ts";
import { FileTimes } from "../domain/time.ts";
import { cellLabel, cellNumber, type DecimalSign, isMissing, numberProblem, showCell } from "./cell.ts";
import { BadRow } from "./bad_row.ts";
import type { TableCells } from "./read_cells.ts";

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
  /** Reads the times; by default a new one. */
  times?: FileTimes;
  /** Columns that were left out as no row so far has a value; a later value in one is an error. */
  presumedEmpty?: string[];
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
 * @param style The table's name in messages, and the sign of the fraction.
 * @param onSkipped Called for each bad row that is left out, and whether a missing cell is why.
 * @returns Batches whose arrays are valid until the next is asked for.
 * @throws RangeError for a column that the table does not have; without `skipBadRows` also at a row with a missing cell,
 *   one too many, or one that is not a finite number in the range of float32, naming row and column.
 */
export async function* readRows(
  table: TableCells,
  { name, decimal }: { name: string; decimal?: DecimalSign },
  selection: RowSelection,
  onSkipped: (isMissing: boolean) => void,
): AsyncGenerator<TableBatch> {
  const { label, timestamp, skipBadRows, times = new FileTimes(), presumedEmpty = [] } = selection;
  const place = (column: string) => placeOf(column, table.columns, name);
  const columns = Int32Array.from(selection.features, place);
  const labelColumn = label === undefined ? -1 : place(label);
  const timeColumn = timestamp === undefined ? -1 : place(timestamp);
  const width = columns.length;
  const roles = {
    names: table.columns,
    features: columns,
    label: labelColumn,
    time: timeColumn,
    times,
    decimal,
  };
  const emptyColumns = presumedEmpty.map((column) => table.columns.indexOf(column));
  let row = 0;
  let capacity = 0;
  let rows = new Float32Array(0);
  let rowNumbers = new Float64Array(0);
  let labels: Uint8Array | undefined;
  let timestampsMs: Float64Array | undefined;

  /** Reads a row into place `count`; the first column that is bad, or -1. */
  const read = (cells: unknown[], count: number): number => {
    const at = count * width;
    for (let f = 0; f < width; f++) {
      const value = cellNumber(cells[columns[f]], decimal);
      if (value !== value) return columns[f];
      rows[at + f] = value;
    }
    if (labels) {
      const value = cellLabel(cells[labelColumn]);
      if (value === undefined) return labelColumn;
      labels[count] = value;
    }
    if (timestampsMs) {
      timestampsMs[count] = times.read(cells[timeColumn]);
      if (Number.isNaN(timestampsMs[count])) return timeColumn;
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
      const late = emptyColumns.length > 0 ? lateValue(cells, emptyColumns, table.columns) : undefined;
      if (late !== undefined) throw new RangeError(`Cannot read ${name} as row ${row} ${late}`);
      if (!(cells instanceof BadRow) && bad < 0) count++;
      else if (skipBadRows) onSkipped(!(cells instanceof BadRow) && isMissing(cells[bad]));
      else throw new RangeError(`Cannot read ${name} as row ${row} ${problemOf(cells, bad, roles)}`);
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

/** What the columns of a row are read for. */
interface Roles {
  names: readonly string[];
  features: Int32Array;
  label: number;
  time: number;
  times: FileTimes;
  decimal?: DecimalSign;
}

function problemOf(cells: unknown[] | BadRow, column: number, roles: Roles): string {
  if (cells instanceof BadRow) return cells.problem;
  const cell = cells[column];
  const found = `current value is ${showCell(cell)}`;
  let problem = numberProblem(cell, roles.decimal);
  if (column === roles.label) problem = `must be 0, 1, true or false: ${found}`;
  else if (column === roles.time && !roles.features.includes(column)) {
    problem = `must be a time such as 2018-04-01 10:00:00 or an epoch: ${found}${roles.times.hint(cell)}`;
  } else if (isMissing(cell)) problem += "; --skip-bad-rows leaves such rows out and counts them";
  return `column "${roles.names[column]}" ${problem}`;
}

function lateValue(
  cells: unknown[] | BadRow,
  emptyColumns: number[],
  names: readonly string[],
): string | undefined {
  if (cells instanceof BadRow) return undefined;
  const late = emptyColumns.find((column) => !isMissing(cells[column]));
  return late === undefined
    ? undefined
    : `column "${
      names[late]
    }" must be empty, as it is in the first rows and was left out: current value is ` +
      `${showCell(cells[late])}; name the columns to use with --features`;
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
