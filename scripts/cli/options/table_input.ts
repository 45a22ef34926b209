import { FileTimes } from "../../../src/domain/time.ts";
import type { TableBatch } from "../../../src/table/read_rows.ts";
import { chooseFeatures, openTable, type Table } from "../../../src/table/table.ts";
import { startProgress } from "../progress.ts";
import { UsageError } from "../run_command.ts";
import type { TableStyleFlags } from "./table_style.ts";

/** What the options of a command say about its table. */
export interface TableInputOptions extends TableStyleFlags {
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
  const table = await openTable(input, options);
  try {
    const known = table.columns.length;
    const { timestamp } = options;
    const features = chooseColumns(table, options);
    let presumedEmpty: string[] = [];
    if (!options.features) {
      const isLeftOut = (name: string) => name !== label && name !== timestamp && !features.includes(name);
      refuseDoubtful(table, features, isLeftOut);
      for (const [name, reason] of table.otherColumns) {
        if (isLeftOut(name) && name !== "") note(`column "${name}" is left out: ${reason}`);
      }
      if (table.columns.includes("")) note("columns without a name are left out");
      presumedEmpty = table.emptyColumns.filter(isLeftOut);
    }
    const times = new FileTimes(options.timeUnit);
    return {
      table,
      features,
      async *batches() {
        const progress = startProgress(task, { total: table.size, quiet });
        let rows = 0;
        try {
          const selection = { features, label, timestamp, skipBadRows, times, presumedEmpty };
          for await (const batch of table.rows(selection)) {
            yield batch;
            rows += batch.count;
            progress.update(table.bytesRead, rows);
          }
        } finally {
          progress.stop();
        }
        const late = table.columns.slice(known);
        if (late.length > 0) note(`fields that come after the first rows are left out: ${late.join(", ")}`);
        for (const text of notesOf(table, timestamp === undefined ? undefined : { timestamp, times })) {
          note(text);
        }
      },
      [Symbol.dispose]: () => table[Symbol.dispose](),
    };
  } catch (error) {
    table[Symbol.dispose]();
    throw error;
  }
}

/** Stops at a column that is most likely meant to be a feature and cannot be read; the note of a column left out is for others. */
function refuseDoubtful(table: Table, features: string[], isLeftOut: (name: string) => boolean): void {
  const name = table.doubtfulColumns.keys().find(isLeftOut);
  if (name === undefined) return;
  const quoted = features.map((feature) => feature.includes(",") ? `"${feature}"` : feature).join(",");
  const others = features.length === 0 ? "" : `; to leave it out, name the others: --features '${quoted}'`;
  throw new RangeError(
    `Cannot read ${table.name} as ${
      table.doubtfulColumns.get(name)!.problem
    } (most likely a column of numbers${others})`,
  );
}

function* notesOf(
  table: Table,
  time: { timestamp: string; times: FileTimes } | undefined,
): Generator<string> {
  yield* table.notes;
  const { skippedRows, missingRows } = table;
  const missing = missingRows > 0 ? `, ${missingRows} of them as a cell is missing` : "";
  if (skippedRows > 0) {
    yield `${skippedRows} bad row${skippedRows > 1 ? "s were" : " was"} left out${missing}`;
  }
  const read = time?.times.summary();
  if (read !== undefined) yield `column "${time!.timestamp}" is ${read}`;
}

function chooseColumns(table: Table, options: TableInputOptions): string[] {
  try {
    return chooseFeatures(table, options);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
