import { openByteSource } from "./byte_source.ts";
import { type CellKind, cellKind, type DecimalSign, numberProblem, showCell } from "./cell.ts";
import { readCells, type TableStyle } from "./read_cells.ts";
import { readRows, type RowSelection, type TableBatch } from "./read_rows.ts";

/** Rows at the start of a table by which its columns are judged numeric or not. */
export const ROWS_TO_JUDGE = 1000;

/** A column with numbers, of which some are written in another style, or stand beside text. */
export interface DoubtfulColumn {
  /** The first cell that is no number: "row 3 column "amount" must be …". */
  problem: string;
  /** Whether more than half of the cells are numbers. */
  isMostlyNumbers: boolean;
}

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
  /** Of these, those that are most likely meant as numbers. */
  readonly doubtfulColumns: ReadonlyMap<string, DoubtfulColumn>;
  /** Of these, those without a value in the rows they are judged by. */
  readonly emptyColumns: readonly string[];
  /** What was read in a way that may surprise; complete when the rows are read. */
  readonly notes: readonly string[];
  /** Size of the file on disk in bytes; undefined if it is not a plain file. */
  readonly size: number | undefined;
  readonly bytesRead: number;
  /** Rows left out so far because they were bad. */
  readonly skippedRows: number;
  /** Those of them in which a cell is missing. */
  readonly missingRows: number;
  /** Reads the rows, once; the arrays of a batch are valid until the next is asked for. */
  rows(selection: RowSelection): AsyncGenerator<TableBatch>;
}

/**
 * Opens a table: CSV with a header line, or one JSON object a line, plain or gzip, from a file or standard input.
 *
 * A file that begins with `{` is JSON, any other CSV. A column is numeric where no cell of the first 1,000 rows is text
 * and not all are missing. It is doubtful where at least a tenth of them are numbers, in any style, and the others text.
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
export async function openTable(path: string, style: TableStyle = {}): Promise<Table> {
  const source = await openByteSource(path);
  const cells = await readCells(source, ROWS_TO_JUDGE, style);
  const { other, doubtful, empty } = judgeColumns(cells.columns, cells.firstRows, style.decimal);
  const reading = { name: source.name, decimal: style.decimal };
  let [skippedRows, missingRows] = [0, 0];
  const onSkipped = (isMissing: boolean) => {
    skippedRows++;
    if (isMissing) missingRows++;
  };
  return {
    name: source.name,
    columns: cells.columns,
    numericColumns: cells.columns.filter((name) => name !== "" && !other.has(name)),
    otherColumns: other,
    doubtfulColumns: doubtful,
    emptyColumns: empty,
    notes: cells.notes,
    size: source.size,
    get bytesRead() {
      return source.bytesRead;
    },
    get skippedRows() {
      return skippedRows;
    },
    get missingRows() {
      return missingRows;
    },
    rows: (selection) => readRows(cells, reading, selection, onSkipped),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/** The columns that are not numeric, with the reason. */
function judgeColumns(columns: string[], rows: unknown[][], decimal?: DecimalSign) {
  const other = new Map<string, string>();
  const doubtful = new Map<string, DoubtfulColumn>();
  const empty: string[] = [];
  columns.forEach((name, c) => {
    const kinds = rows.map((cells) => cellKind(cells[c], decimal));
    const [texts, numbers] = [kinds.filter(isText).length, kinds.filter(isNumeric).length];
    const row = kinds.findIndex((kind) => isText(kind) || kind === "styled");
    if (row >= 0) {
      other.set(name, `row ${row} holds ${showCell(rows[row][c])}`);
      if (name === "" || numbers === 0 || 9 * numbers < texts) return;
      doubtful.set(name, {
        problem: `row ${row} column "${name}" ${numberProblem(rows[row][c], decimal)}`,
        isMostlyNumbers: 2 * kinds.filter((kind) => kind === "number").length > texts + numbers,
      });
    } else if (numbers === 0 && rows.length > 0) {
      other.set(name, `its first ${rows.length} rows are empty`);
      if (name !== "") empty.push(name);
    }
  });
  return { other, doubtful, empty };
}

const isText = (kind: CellKind) => kind === "text";
const isNumeric = (kind: CellKind) => kind === "number" || kind === "styled" || kind === "out of range";

/**
 * The columns of a table that make its features: those named, or all numeric ones but label and time, and where bad rows
 * are left out those that mostly hold numbers.
 *
 * @param roles The names of the features, and the columns of label and time.
 * @throws RangeError where a named column is absent, a feature is the label or the time, or no column is left.
 */
export function chooseFeatures(
  table: Table,
  roles: { features?: string[]; label?: string; timestamp?: string; skipBadRows?: boolean } = {},
): string[] {
  const { features, label, timestamp, skipBadRows } = roles;
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
  const isFeature = (name: string) =>
    !reserved.includes(name) &&
    (table.numericColumns.includes(name) ||
      (skipBadRows && table.doubtfulColumns.get(name)?.isMostlyNumbers));
  const chosen = features ?? table.columns.filter(isFeature);
  if (chosen.length === 0 && !table.doubtfulColumns.keys().some((name) => !reserved.includes(name))) {
    const reasons = [...table.otherColumns].map(([name, reason]) => `"${name}" (${reason})`);
    throw new RangeError(
      `Cannot read ${table.name} as it must have a numeric column besides label and time: ` +
        `current value is ${reasons.join(", ") || "none"}`,
    );
  }
  return chosen;
}
