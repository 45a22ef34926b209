import { openByteSource } from "./byte_source.ts";
import { BadRow } from "./bad_row.ts";
import { readCells, type TableStyle } from "./read_cells.ts";
import type { Table } from "./table.ts";

/** A table whose cells are read as they are written. */
export interface TextTable extends Pick<Table, "columns" | "notes" | "size" | "bytesRead">, Disposable {
  /** Reads the rows, once, as cells by column; throws RangeError, which names the row, where one has another number of cells. */
  rows(): AsyncGenerator<Record<string, string>>;
  /** Reads as `rows` does, in batches to iterate once before asking for the next, which spares a promise a row. */
  batches(): AsyncGenerator<Iterable<Record<string, string>>>;
}

/**
 * Opens a CSV or NDJSON file, plain or gzip, to read its cells as text.
 *
 * @param path Path of a file, or `-` for standard input.
 * @throws As `openTable` does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openTextTable } from "./text_table.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "id,amount\n007,12.50\n");
 * using table = await openTextTable(path);
 * assertEquals(await Array.fromAsync(table.rows()), [{ id: "007", amount: "12.50" }]);
 * ```
 */
export async function openTextTable(path: string, style: TableStyle = {}): Promise<TextTable> {
  const source = await openByteSource(path);
  const cells = await readCells(source, 1, style);
  const asText = rowMaker(cells.columns);
  let rowsBefore = 0;
  const rowsOf = function* (batch: readonly (unknown[] | BadRow)[]) {
    for (let i = 0; i < batch.length; i++) {
      const row = batch[i];
      if (row instanceof BadRow) {
        throw new RangeError(`Cannot read ${source.name} as row ${rowsBefore + i + 1} ${row.problem}`);
      }
      yield asText(row);
    }
  };
  const batches = async function* () {
    for await (const batch of cells.batches) {
      yield rowsOf(batch);
      rowsBefore += batch.length;
    }
  };
  return {
    columns: cells.columns,
    notes: cells.notes,
    size: source.size,
    get bytesRead() {
      return source.bytesRead;
    },
    async *rows() {
      for await (const batch of batches()) yield* batch;
    },
    batches,
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/** Makes rows of text of cells, field by field: all rows then share a shape, and no pairs are made. */
function rowMaker(columns: readonly string[]): (cells: readonly unknown[]) => Record<string, string> {
  return (cells) => {
    const row: Record<string, string> = {};
    for (let i = 0; i < columns.length; i++) {
      // Assigning to this name sets no field.
      if (columns[i] === "__proto__") {
        Object.defineProperty(row, columns[i], { value: textOf(cells[i]), ...FIELD });
      } else row[columns[i]] = textOf(cells[i]);
    }
    return row;
  };
}

const FIELD = { enumerable: true, configurable: true, writable: true };

function textOf(cell: unknown): string {
  if (typeof cell === "string") return cell;
  return typeof cell === "object" && cell !== null ? JSON.stringify(cell) : String(cell ?? "");
}
