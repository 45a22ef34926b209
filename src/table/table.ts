import { openByteSource } from "./byte_source.ts";
import { cellKind, showCell } from "./cell.ts";
import { readCells } from "./read_cells.ts";
import { readRows, type RowSelection, type TableBatch } from "./read_rows.ts";

/** Rows at the start of a table by which its columns are judged numeric or not. */
export const ROWS_TO_JUDGE = 1000;

/** A table that is open for one reading from start to end. */
export interface Table extends Disposable {
  /** Its path, or "standard input". */
  readonly name: string;
  /** Names of all columns, in the order of the table. */
  readonly columns: string[];
  /** Names of the columns that hold numbers, judged by the first 1,000 rows. */
  readonly numericColumns: string[];
  /** Why each other column is left out, by name: "row 3 holds \"Zurich\"". */
  readonly otherColumns: ReadonlyMap<string, string>;
  /** Size of the file on disk in bytes; undefined if it is not a plain file. */
  readonly size: number | undefined;
  readonly bytesRead: number;
  /** Rows left out so far because they were bad. */
  readonly skippedRows: number;
  /** Reads the rows, once; the arrays of a batch are valid until the next is asked for. */
  rows(selection: RowSelection): AsyncGenerator<TableBatch>;
}

/**
 * Opens a table: CSV with a header line, or one JSON object a line, plain or gzip, from a file or standard input.
 *
 * A file that begins with `{` is JSON, any other CSV. A column is numeric where no cell of the first 1,000 rows is text
 * and not all are missing.
 *
 * @param path Path of a file, or `-` for standard input.
 * @throws Error where it cannot be read, RangeError where it has no header or a column named twice, SyntaxError where it
 *   is not CSV.
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
  const cells = await readCells(source, ROWS_TO_JUDGE);
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

/**
 * The columns of a table that make its features: those named, or all numeric ones but label and time.
 *
 * @param roles The names of the features, and the columns of label and time.
 * @throws RangeError where a named column is absent, a feature is the label or the time, or no column is left.
 */
export function chooseFeatures(
  table: Table,
  roles: { features?: string[]; label?: string; timestamp?: string } = {},
): string[] {
  const { features, label, timestamp } = roles;
  const reserved = [label, timestamp].filter((name) => name !== undefined);
  const missing = [...features ?? [], ...reserved].filter((name) => !table.columns.includes(name));
  if (missing.length > 0) {
    throw new RangeError(
      `Cannot read ${table.name} as it must have the column${missing.length > 1 ? "s" : ""} ` +
        `${missing.map((name) => `"${name}"`).join(", ")}: current value is ${table.columns.join(", ")}`,
    );
  }
  const both = features?.find((name) => reserved.includes(name));
  if (both !== undefined) {
    throw new RangeError(
      `Cannot read ${table.name} as a feature must not be the label or the time: "${both}" is both`,
    );
  }
  const chosen = features ?? table.numericColumns.filter((name) => !reserved.includes(name));
  if (chosen.length === 0) {
    const reasons = [...table.otherColumns].map(([name, reason]) => `"${name}" (${reason})`);
    throw new RangeError(
      `Cannot read ${table.name} as it must have a numeric column besides label and time: ` +
        `current value is ${reasons.join(", ") || "none"}`,
    );
  }
  return chosen;
}
