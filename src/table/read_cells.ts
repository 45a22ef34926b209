import { readCsv } from "./csv.ts";
import { cellKind } from "./cell.ts";
import { NotAnObject, readNdjson } from "./ndjson.ts";

/** A row whose cells could not be told apart, in the place of its cells. */
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
 * Splits bytes into cells and reads ahead far enough to know the columns.
 *
 * @param chunks UTF-8, with or without byte order mark; CSV, or NDJSON where the first sign is `{`.
 * @param name What to call the table in a message.
 * @param rowsAhead Number of rows to read ahead.
 * @returns Columns and rows. Throws RangeError for a table without header, with a column named twice, or that is not UTF-8.
 */
export async function readCells(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  rowsAhead: number,
): Promise<TableCells> {
  const pieces = decodeUtf8(chunks, name);
  let first = "";
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    first += next.value;
    if (/\S/.test(first)) break;
  }
  const text = resume([first], pieces);
  const start = first.trimStart()[0];
  if (start === undefined) {
    throw new RangeError(
      `Cannot read ${name} as it must hold a table with a header: current value is an empty file`,
    );
  }
  if (start === "[") {
    throw new RangeError(`Cannot read ${name} as JSON must be one object a line: current value is an array`);
  }
  return start === "{" ? await ndjsonCells(text, name, rowsAhead) : await csvCells(text, name, rowsAhead);
}

async function csvCells(text: AsyncIterable<string>, name: string, rowsAhead: number): Promise<TableCells> {
  const rows = readCsv(text, name);
  const head = (await rows.next()).value as string[][];
  const columns = head[0].map((column) => column.trim());
  checkColumns(columns, name);
  const width = columns.length;
  const checked = (batch: string[][]): (unknown[] | BadRow)[] =>
    batch.map((cells) =>
      cells.length === width
        ? cells
        : new BadRow(`must have ${width} cells: current value is ${cells.length} cells`)
    );
  const ahead: (unknown[] | BadRow)[] = checked(head.slice(1));
  while (ahead.length < rowsAhead) {
    const { value, done } = await rows.next();
    if (done) break;
    for (const row of checked(value)) ahead.push(row);
  }
  return {
    columns,
    firstRows: goodRows(ahead, rowsAhead),
    batches: (async function* () {
      yield ahead;
      for await (const batch of rows) yield checked(batch);
    })(),
  };
}

async function ndjsonCells(
  text: AsyncIterable<string>,
  name: string,
  rowsAhead: number,
): Promise<TableCells> {
  const rows = readNdjson(text, name);
  const ahead: (Record<string, unknown> | NotAnObject)[] = [];
  while (ahead.length < rowsAhead) {
    const { value, done } = await rows.next();
    if (done) break;
    for (const row of value) ahead.push(row);
  }
  const columns = new Set<string>();
  for (const row of ahead.slice(0, rowsAhead)) {
    if (!(row instanceof NotAnObject)) { for (const key of Object.keys(row)) columns.add(key); }
  }
  const names = [...columns];
  if (names.length === 0) {
    const found = ahead[0] instanceof NotAnObject ? ahead[0].problem : "{}";
    throw new RangeError(
      `Cannot read ${name} as each line must be a JSON object with fields: current value is ${found}`,
    );
  }
  const cellsOf = (row: Record<string, unknown> | NotAnObject): unknown[] | BadRow =>
    row instanceof NotAnObject
      ? new BadRow(`must be a JSON object: current value is ${row.problem}`)
      : names.map((column) => Object.hasOwn(row, column) ? row[column] : undefined);
  const aheadCells = ahead.map(cellsOf);
  return {
    columns: names,
    firstRows: goodRows(aheadCells, rowsAhead),
    batches: (async function* () {
      yield aheadCells;
      for await (const batch of rows) yield batch.map(cellsOf);
    })(),
  };
}

function goodRows(rows: (unknown[] | BadRow)[], most: number): unknown[][] {
  return rows.slice(0, most).filter((row): row is unknown[] => !(row instanceof BadRow));
}

function checkColumns(columns: string[], name: string): void {
  // Numbers make a header only as pandas writes them for columns without names: 0, 1, 2 and so on.
  const counted = columns.every((column, c) => column === String(c));
  if (!counted && columns.every((column) => cellKind(column) === "number")) {
    throw new RangeError(
      `Cannot read ${name} as its first line must name the columns: current value is "${
        columns.join().slice(0, 60)
      }"`,
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

async function* resume(first: string[], rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield* first;
  yield* rest;
}
