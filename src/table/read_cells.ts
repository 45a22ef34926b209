import { countKeys, scanJson } from "../runtime/json.ts";
import { foreignBytes, HEAD_BYTES } from "../runtime/text/foreign_bytes.ts";
import { type ByteSource, join } from "./byte_source.ts";
import { cellKind, type DecimalSign } from "./cell.ts";
import { readCsv } from "./csv.ts";
import { delimiterName } from "./delimiter.ts";

/** Characters that a line of NDJSON may have. */
const LONGEST_LINE = 16 * 2 ** 20;

/** Stands for a row whose cells could not be told apart. */
export class BadRow {
  /** What is wrong, as "must …: current value is …". */
  readonly problem: string;

  /** Keeps the problem in words. */
  constructor(problem: string) {
    this.problem = problem;
  }
}

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
  { delimiter }: TableStyle = {},
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
      : csvCells(text, name, rowsAhead, delimiter));
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

async function csvCells(
  text: AsyncIterable<string>,
  name: string,
  rowsAhead: number,
  delimiter?: string,
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
  checkHeader(columns, fitting, name);
  if (width === 1 && ahead.length > 1 && fitting.length === 0) {
    throw new RangeError(
      `Cannot read ${name} as its first line must name the columns: current value is "${
        columns[0]
      }", where the rows ` +
        `have ${ahead[0].length} cells, split at ${splitAt}; if that is no delimiter, give --delimiter`,
    );
  }
  const notes = splitAt === '";"'
    ? columns.flatMap((column, c) => thousandsNote(column, fitting.map((cells) => cells[c])))
    : [];
  const checked = (cells: string[]) =>
    cells.length === width ? cells : new BadRow(
      `must have ${width} cell${width === 1 ? "" : "s"}: current value is ${cells.length} cell${
        cells.length === 1 ? "" : "s"
      }, split at ${splitAt}`,
    );
  return { columns, notes, firstRows: fitting, batches: mapped(ahead.map(checked), rows, checked) };
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
  let count = 0;
  const cellsOf = (row: Record<string, unknown> | BadRow) => {
    count++;
    if (row instanceof BadRow) return row;
    const cells: unknown[] = new Array(columns.length).fill(undefined);
    for (const field of Object.keys(row)) {
      let place = placeOf.get(field);
      if (place === undefined) placeOf.set(field, place = columns.push(field) - 1);
      const cell = cells[place] = row[field];
      if (cell === null || typeof cell === types[place]) continue;
      if (types[place] === "number" && typeof cell === "string" && LONG_NUMBER.test(cell)) continue;
      if (types[place] === undefined && typeof cell !== "object") types[place] = typeof cell;
      else if (types[place] !== MANY) {
        notes.push(typeNote(field, types[place], typeof cell, count));
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

async function* readNdjson(
  pieces: AsyncIterable<string>,
  name: string,
): AsyncGenerator<(Record<string, unknown> | BadRow)[]> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) {
      throw new SyntaxError(
        `Cannot read ${name} as a line must have at most ${LONGEST_LINE} characters: current value is ${rest.length}`,
      );
    }
    const rows = lines.filter((line) => line.trim() !== "").map(parseLine);
    if (rows.length > 0) yield rows;
  }
  if (rest.trim() !== "") yield [parseLine(rest)];
}

/** Sixteen digits in a row: a number that may hold more than a float64 does. */
const LONG_NUMBER = /\d{16}/;

/** Keeps a whole number that would lose digits as its text. */
function keepDigits(_key: string, value: unknown, { source }: { source: string }): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;
}

function parseLine(line: string): Record<string, unknown> | BadRow {
  let problem: string;
  try {
    const value: unknown = LONG_NUMBER.test(line)
      ? JSON.parse(line, keepDigits as () => unknown)
      : JSON.parse(line);
    const text = line.trim();
    problem = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (scanJson(line).keys === countKeys(value)) return value as Record<string, unknown>;
      problem = `one that names a key twice, ${problem}`;
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  return new BadRow(`must be a JSON object: current value is ${problem}`);
}

function checkColumns(columns: string[], name: string): void {
  const isNumbers = columns.every((column) => cellKind(column) === "number");
  if (
    (isNumbers && !(columns[0] === "0" && isCounted(columns))) ||
    columns.some((column) => TIME_OF_DAY.test(column))
  ) {
    throw noHeader(columns, name);
  }
  const seen = new Set<string>();
  for (const column of columns) {
    if (column !== "" && seen.has(column)) {
      throw new RangeError(
        `Cannot read ${name} as each column must have a name of its own: "${column}" stands twice`,
      );
    }
    seen.add(column);
  }
}

/** Refuses a first line that is a row like the others: it has numbers wherever they have. */
function checkHeader(columns: string[], rows: string[][], name: string): void {
  const numbers = columns.filter((column, c) =>
    column !== "" && rows.some((cells) => cellKind(cells[c]) !== "missing") &&
    rows.every((cells) => cellKind(cells[c]) !== "text")
  );
  if (numbers.length === 0 || isCounted(numbers)) return;
  if (numbers.every((column) => cellKind(column) !== "text")) throw noHeader(columns, name);
}

/** Where semicolons separate, 1.234 in every row may well be one thousand two hundred and thirty-four. */
function thousandsNote(column: string, cells: string[]): string[] {
  const pointed = cells.filter((cell) => cell.includes("."));
  const isDoubtful = pointed.length > 1 && pointed.every((cell) => /^-?[1-9]\d{0,2}\.\d{3}$/.test(cell));
  return isDoubtful
    ? [
      `column "${column}" has "${pointed[0]}", read as ${
        Number(pointed[0])
      }; --decimal , takes the point for thousands`,
    ]
    : [];
}

const TIME_OF_DAY = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** Whether names count up one by one, as pandas writes them for columns without names, or as years do. */
function isCounted(names: string[]): boolean {
  return names.every((name, i) => /^\d+$/.test(name) && Number(name) === Number(names[0]) + i) &&
    (names.length > 1 || names[0] === "0");
}

function noHeader(columns: string[], name: string): RangeError {
  return new RangeError(
    `Cannot read ${name} as its first line must name the columns: ` +
      `current value is "${columns.join().slice(0, 60)}"`,
  );
}

/** The text of a file; throws RangeError that says what it is where it is none. */
async function* decodeUtf8(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let head = new Uint8Array(0);
  let bytesBefore = 0;
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES) {
      head = Uint8Array.of(...head, ...chunk.subarray(0, HEAD_BYTES - head.length));
      refuseForeign(head, name);
    }
    yield decode(chunk, true);
    bytesBefore += chunk.length;
  }
  yield decode(new Uint8Array(0), false);

  function decode(chunk: Uint8Array, stream: boolean): string {
    try {
      return decoder.decode(chunk, { stream });
    } catch (cause) {
      const place = `near byte ${bytesBefore + firstBadByte(chunk)}`;
      throw new RangeError(
        `Cannot read ${name} as its text must be UTF-8: it is not, ${place}; if it was saved in Windows-1252 or another ` +
          "code page, convert it, as with iconv -f WINDOWS-1252 -t UTF-8",
        { cause },
      );
    }
  }
}

function refuseForeign(head: Uint8Array, name: string): void {
  const found = foreignBytes(head);
  if (found !== undefined) {
    throw new RangeError(`Cannot read ${name} as it must be text: it is ${found.what}; ${found.todo}`);
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(new TextDecoder().decode(head))) {
    throw new RangeError(`Cannot read ${name} as it must be CSV or NDJSON: it is a page of HTML or XML`);
  }
}

function firstBadByte(chunk: Uint8Array): number {
  const text = new TextDecoder().decode(chunk);
  // A character that was cut by the chunk's start is no fault.
  const at = text.indexOf("\ufffd", 1);
  return at < 0 ? 0 : new TextEncoder().encode(text.slice(0, at)).length;
}
