import { BadRow } from "./bad_row.ts";
import { type ByteSource, join } from "./byte_source.ts";
import type { DecimalSign } from "./cell.ts";
import { readCsv } from "./csv.ts";
import { delimiterName } from "./delimiter.ts";
import { checkColumns, checkFractions, checkHeader, thousandsNote } from "./header.ts";
import { LONG_NUMBER, readNdjson } from "./ndjson.ts";
import { decodeUtf8 } from "./utf8.ts";

/** How the text of a table is written, where it cannot tell itself. */
export interface TableStyle {
  /** What separates the cells of CSV; default: what explains header and rows. */
  delimiter?: string;
  /** Sign of the fraction in numbers; where it is given, thousands may be separated. */
  decimal?: DecimalSign;
}

/** The cells of a table, row by row. */
export interface TableCells {
  /** Names of the columns; "" for one without a name. Fields of NDJSON join at the end when a row first has them. */
  columns: string[];
  /** What was read in a way that may surprise; complete when the batches are used up. */
  notes: string[];
  /** The cells of the first good rows. */
  firstRows: unknown[][];
  /**
   * All rows in batches, from the first on: the cells in the order of the columns, absent ones undefined or beyond the
   * end, or what is wrong with the row.
   */
  batches: AsyncGenerator<(unknown[] | BadRow)[]>;
}

/**
 * Splits a file into cells, and reads some rows ahead to know the columns. The source is closed if that fails.
 *
 * @param source UTF-8, with or without byte order mark; CSV, or NDJSON where the first character is `{`.
 * @throws RangeError for a table without header, with a column named twice, or not in UTF-8.
 */
export async function readCells(
  source: ByteSource,
  rowsAhead: number,
  style: TableStyle = {},
): Promise<TableCells> {
  const { name } = source;
  try {
    const pieces = decodeUtf8(source.chunks, name);
    let first = "";
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      first += next.value;
      if (/\S/.test(first)) break;
    }
    const start = first.trimStart()[0];
    if (start === undefined) {
      throw new RangeError(
        `Cannot read ${name} as it must hold a table with a header: current value is an empty file`,
      );
    }
    if (start === "[") {
      throw new RangeError(
        `Cannot read ${name} as JSON must be one object a line: current value is an array`,
      );
    }
    const text = join(first, pieces);
    return await (start === "{"
      ? ndjsonCells(text, name, rowsAhead)
      : csvCells(text, name, rowsAhead, style));
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

async function csvCells(
  text: AsyncIterable<string>,
  name: string,
  rowsAhead: number,
  { delimiter, decimal }: TableStyle,
): Promise<TableCells> {
  let splitAt = "";
  const rows = readCsv(text, name, { delimiter, onDelimiter: (chosen) => splitAt = delimiterName(chosen) });
  const head: string[][] = (await rows.next()).value ?? [];
  if (head.length === 0) {
    throw new RangeError(
      `Cannot read ${name} as it must hold a table with a header: current value is a line of "sep="`,
    );
  }
  const columns = head[0].map((column) => column.trim());
  checkColumns(columns, name);
  const width = columns.length;
  const ahead = await readAhead(rows, head.slice(1), rowsAhead);
  const fitting = ahead.slice(0, rowsAhead).filter((cells) => cells.length === width);
  checkHeader(columns, { rows: ahead, fitting, splitAt }, name);
  if (delimiter === undefined && splitAt === '","') checkFractions(head[0], fitting, name);
  const notes = splitAt === '";"' && decimal === undefined
    ? columns.flatMap((column, c) => thousandsNote(column, fitting.map((cells) => cells[c])))
    : [];
  const checked = (cells: string[]) =>
    cells.length === width
      ? cells
      : new BadRow(`must have ${count(width)}: current value is ${count(cells.length)}, split at ${splitAt}`);
  return { columns, notes, firstRows: fitting, batches: mapped(ahead.map(checked), rows, checked) };
}

function count(cells: number): string {
  return `${cells} cell${cells === 1 ? "" : "s"}`;
}

async function ndjsonCells(
  text: AsyncIterable<string>,
  name: string,
  rowsAhead: number,
): Promise<TableCells> {
  const rows = readNdjson(text, name);
  const ahead = await readAhead(rows, [], rowsAhead);
  const columns: string[] = [];
  const notes: string[] = [];
  const placeOf = new Map<string, number>();
  const types: (string | undefined)[] = [];
  let row = 0;
  const cellsOf = (fields: Record<string, unknown> | BadRow) => {
    row++;
    if (fields instanceof BadRow) return fields;
    const cells: unknown[] = new Array(columns.length).fill(undefined);
    for (const field of Object.keys(fields)) {
      let place = placeOf.get(field);
      if (place === undefined) placeOf.set(field, place = columns.push(field) - 1);
      const cell = cells[place] = fields[field];
      if (cell === null || typeof cell === types[place]) continue;
      // A long number is kept as text, so it tells neither.
      if (typeof cell === "string" && LONG_NUMBER.test(cell)) continue;
      if (types[place] === undefined && typeof cell !== "object") types[place] = typeof cell;
      else if (types[place] !== MANY) {
        notes.push(typeNote(field, types[place], typeof cell, row));
        types[place] = MANY;
      }
    }
    return cells;
  };
  const first = ahead.map(cellsOf);
  if (columns.length === 0) {
    const problem = first[0] instanceof BadRow
      ? first[0].problem
      : "must be a JSON object with fields: current value is {}";
    throw new RangeError(`Cannot read ${name} as each line ${problem}`);
  }
  const firstRows = first.slice(0, rowsAhead).filter((row): row is unknown[] => !(row instanceof BadRow));
  return { columns, notes, firstRows, batches: mapped(first, rows, cellsOf) };
}

/** Stands for the types of a field that has more than one, or is nested. */
const MANY = "many";

function typeNote(field: string, before: string | undefined, now: string, row: number): string {
  if (now === "object") return `field "${field}" is nested in row ${row} (from 1) and read as its JSON text`;
  return `field "${field}" changes from ${before} to ${now} in row ${row} (from 1)`;
}

async function* mapped<T>(
  first: (unknown[] | BadRow)[],
  rest: AsyncIterable<T[]>,
  cellsOf: (row: T) => unknown[] | BadRow,
): TableCells["batches"] {
  yield first;
  for await (const batch of rest) yield batch.map(cellsOf);
}

/** Adds rows to those read until there are so many, or the text ends. */
async function readAhead<T>(batches: AsyncGenerator<T[]>, read: T[], rowsAhead: number): Promise<T[]> {
  while (read.length < rowsAhead) {
    const { value, done } = await batches.next();
    if (done) break;
    for (const row of value) read.push(row);
  }
  return read;
}
