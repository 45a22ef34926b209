import type { FileTimes } from "../../../src/domain/time.ts";
import { replayColumns } from "../../../src/simulate/replay/replay_row.ts";
import type { TextTable } from "../../../src/table/text_table.ts";

/** Prints how a file of transactions was read: units and zones of its times, changed types, columns that were not used. */
export function printNotes(table: TextTable, times: FileTimes): void {
  const notes = [...table.notes];
  const columns = replayColumns(table.columns);
  const used = new Set(columns.values());
  const unused = table.columns.filter((name) => !used.has(name)).map((name) => name || "(without a name)");
  if (unused.length > 0) {
    notes.push(`columns that no field of a transaction reads are left out: ${unused.join(", ")}`);
  }
  const read = times.summary();
  if (read !== undefined) notes.push(`column "${columns.get("timestamp")}" is ${read}`);
  for (const note of notes) console.error(`note: ${note}`);
}
