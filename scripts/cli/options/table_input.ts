import type { TableBatch } from "../../../src/table/read_rows.ts";
import { chooseFeatures, openTable, type Table } from "../../../src/table/table.ts";
import { startProgress } from "../progress.ts";
import { UsageError } from "../run_command.ts";

/** What the options of a command say about its table. */
export interface TableInputOptions {
  input: string;
  /** Names of the features; all numeric columns unless told. */
  features?: string[];
  label?: string;
  timestamp?: string;
  /** Leave bad rows out and count them. */
  skipBadRows?: boolean;
  /** No progress and no notes. */
  quiet?: boolean;
}

/** A table with the columns that a command wants of it. */
export interface TableInput extends Disposable {
  readonly table: Table;
  /** Names of the features, in the order of the rows' columns. */
  readonly features: string[];
  /** Reads the rows, once, with progress on standard error. */
  batches(): AsyncGenerator<TableBatch>;
}

/**
 * Opens the table that a command was given, with notes on standard error about the columns and rows left out.
 *
 * @param task Name of the command, for the progress.
 * @param options Throws UsageError for columns that the table does not have.
 */
export async function openTableInput(task: string, options: TableInputOptions): Promise<TableInput> {
  const { input, quiet = false, skipBadRows, label } = options;
  const note = (text: string): void => {
    if (!quiet) console.error(`note: ${text}`);
  };
  const table = await openTable(input);
  try {
    const { features, timestamp } = chooseColumns(table, options);
    if (!options.features) {
      for (const [name, reason] of table.otherColumns) {
        if (name !== label && name !== timestamp) note(`column "${name}" is left out: ${reason}`);
      }
      if (table.columns.includes("")) note("columns without a name are left out");
    }
    return {
      table,
      features,
      async *batches() {
        const progress = startProgress(task, { total: table.size, quiet });
        let rows = 0;
        try {
          for await (const batch of table.rows({ features, label, timestamp, skipBadRows })) {
            yield batch;
            rows += batch.count;
            progress.update(table.bytesRead, rows);
          }
        } finally {
          progress.stop();
        }
        if (table.skippedRows > 0) {
          note(`${table.skippedRows} bad row${table.skippedRows > 1 ? "s were" : " was"} left out`);
        }
      },
      [Symbol.dispose]: () => table[Symbol.dispose](),
    };
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}

function chooseColumns(table: Table, options: TableInputOptions): { features: string[]; timestamp?: string } {
  try {
    return { features: chooseFeatures(table, options), timestamp: options.timestamp };
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
