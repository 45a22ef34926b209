import { type ByteSource, join } from "./byte_source.ts";
import { cellKind } from "./cell.ts";
import { readCsv } from "./csv.ts";

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

/** The cells of a table, row by row. */
export interface TableCells {
  /** Names of the columns; "" for one without a name. */
  columns: string[];
  /** The cells of the first good rows. */
  firstRows: unknown[][];
  /** All rows in batches, from the first on: the cells in the order of the columns, or what is wrong with the row. */
  batches: AsyncGenerator<(unknown[] | BadRow)[]>;
}

/**
 * Splits a file into cells, and reads some rows ahead to know the columns. The source is closed if that fails.
 *
 * @param source UTF-8, with or without byte order mark; CSV, or NDJSON where the first character is `{`.
 * @throws RangeError for a table without header, with a column named twice, or not in UTF-8.
 */
export async function readCells(source: ByteSource, rowsAhead: number): Promise<TableCells> {
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
    return await (start === "{" ? ndjsonCells : csvCells)(join(first, pieces), name, rowsAhead);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

async function csvCells(text: AsyncIterable<string>, name: string, rowsAhead: number): Promise<TableCells> {
  const rows = readCsv(text, name);
  const head = (await rows.next()).value as string[][];
  const columns = head[0].map((column) => column.trim());
  checkColumns(columns, name);
  const width = columns.length;
  const ahead = await readAhead(rows, head.slice(1), rowsAhead);
  const checked = (cells: string[]) =>
    cells.length === width
      ? cells
      : new BadRow(`must have ${width} cells: current value is ${cells.length} cells`);
  return tableCells(columns, rowsAhead, checked, ahead, rows);
}

async function ndjsonCells(
  text: AsyncIterable<string>,
  name: string,
  rowsAhead: number,
): Promise<TableCells> {
  const rows = readNdjson(text, name);
  const ahead = await readAhead(rows, [], rowsAhead);
  const fields = ahead.slice(0, rowsAhead).flatMap((row) => row instanceof BadRow ? [] : Object.keys(row));
  const columns = [...new Set(fields)];
  if (columns.length === 0) {
    const [first] = ahead;
    const problem = first instanceof BadRow
      ? first.problem
      : "must be a JSON object with fields: current value is {}";
    throw new RangeError(
      `Cannot read ${name} as each line ${problem}`,
    );
  }
  const cellsOf = (row: Record<string, unknown> | BadRow) =>
    row instanceof BadRow
      ? row
      : columns.map((column) => Object.hasOwn(row, column) ? row[column] : undefined);
  return tableCells(columns, rowsAhead, cellsOf, ahead, rows);
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

function tableCells<T>(
  columns: string[],
  rowsAhead: number,
  cellsOf: (row: T) => unknown[] | BadRow,
  ahead: T[],
  rest: AsyncIterable<T[]>,
): TableCells {
  const first = ahead.map(cellsOf);
  return {
    columns,
    firstRows: first.slice(0, rowsAhead).filter((row): row is unknown[] => !(row instanceof BadRow)),
    batches: (async function* () {
      yield first;
      for await (const batch of rest) yield batch.map(cellsOf);
    })(),
  };
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

function parseLine(line: string): Record<string, unknown> | BadRow {
  let problem: string;
  try {
    const value = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    const text = line.trim();
    problem = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  } catch (error) {
    problem = (error as Error).message;
  }
  return new BadRow(`must be a JSON object: current value is ${problem}`);
}

function checkColumns(columns: string[], name: string): void {
  // Numbers make a header only as pandas writes them for columns without names: 0, 1, 2 and so on.
  const counted = columns.every((column, c) => column === String(c));
  if (!counted && columns.every((column) => cellKind(column) === "number")) {
    throw new RangeError(
      `Cannot read ${name} as its first line must name the columns: ` +
        `current value is "${columns.join().slice(0, 60)}"`,
    );
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

async function* decodeUtf8(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new RangeError(`Cannot read ${name} as its text must be UTF-8: ${cause.message}`, { cause });
  }
}
