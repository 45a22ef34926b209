/**
 * Reading a table, CSV or NDJSON, as rows of numbers.
 *
 * @module
 */
import { openByteSource } from "./byte_source.ts";
import { cellKind, showCell } from "./cell.ts";
import { readCells } from "./read_cells.ts";
import { readRows, type RowSelection, type TableBatch } from "./read_rows.ts";

/** Rows at the start of a table that tell which of its columns are numeric. */
export const ROWS_TO_JUDGE = 1000;

/** A table that is open for one reading from start to end. */
export interface Table extends Disposable {
  /** What to call the table in a message: its path, or "standard input". */
  readonly name: string;
  /** Names of all columns, in the order of the table. */
  readonly columns: string[];
  /** Names of the columns that hold numbers, judged by the first 1,000 rows. */
  readonly numericColumns: string[];
  /** Why each other column is left out, by name: "row 3 holds \"Zurich\"". */
  readonly otherColumns: ReadonlyMap<string, string>;
  /** Size of the file in bytes as it lies on disk; undefined for what is no plain file. */
  readonly size: number | undefined;
  /** Bytes of the file read so far. */
  readonly bytesRead: number;
  /** Rows left out so far because they were bad. */
  readonly skippedRows: number;
  /** Reads the rows, once; the arrays of a batch are valid until the next is asked for. */
  rows(selection: RowSelection): AsyncGenerator<TableBatch>;
}

/**
 * Opens a table: CSV with a header line, or one JSON object a line, plain or gzip, from a file or standard input.
 *
 * What looks like `{` is JSON, all else CSV. A column is numeric where no cell of the first 1,000 rows is text and not all are
 * missing.
 *
 * @param path Path of a file, or `-` for standard input. Throws Error where it can't be read, RangeError where it has no header, or
 *   the header names a column twice, SyntaxError where it is no CSV.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openTable } from "./table.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "city,amount\nZurich,12.5\n");
 * using table = await openTable(path);
 * assertEquals(table.numericColumns, ["amount"]);
 * for await (const batch of table.rows({ features: ["amount"] })) assertEquals(batch.rows[0], 12.5);
 * ```
 */
export async function openTable(path: string): Promise<Table> {
  const source = await openByteSource(path);
  try {
    const cells = await readCells(source.chunks, source.name, ROWS_TO_JUDGE);
    const otherColumns = judgeColumns(cells.columns, cells.firstRows);
    let skippedRows = 0;
    return {
      name: source.name,
      columns: cells.columns,
      numericColumns: cells.columns.filter((name) => name !== "" && !otherColumns.has(name)),
      otherColumns,
      size: source.size,
      get bytesRead() {
        return source.bytesRead;
      },
      get skippedRows() {
        return skippedRows;
      },
      rows: (selection) => readRows(cells, source.name, selection, () => skippedRows++),
      [Symbol.dispose]: () => source[Symbol.dispose](),
    };
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

/** The columns that are not numeric, with the reason. */
function judgeColumns(columns: string[], rows: unknown[][]): Map<string, string> {
  const other = new Map<string, string>();
  columns.forEach((name, c) => {
    let numbers = 0;
    for (const [row, cells] of rows.entries()) {
      const kind = cellKind(cells[c]);
      if (kind === "text") {
        other.set(name, `row ${row} holds ${showCell(cells[c])}`);
        return;
      }
      if (kind !== "missing") numbers++;
    }
    if (numbers === 0 && rows.length > 0) other.set(name, `its first ${rows.length} rows are empty`);
  });
  return other;
}
