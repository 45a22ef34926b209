import type { Table } from "./table.ts";

/**
 * The columns of a table that make its features: those named, or all numeric ones but label and time.
 *
 * @param table An open table.
 * @param roles The names given, and the columns that are no features. Throws RangeError, naming the columns there are, where a named one is
 *   absent, a feature is the label or the time, or no column is left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { chooseFeatures } from "./choose_features.ts";
 * import { openTable } from "./table.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "city,amount,fraud\nZurich,12.5,0\n");
 * using table = await openTable(path);
 * assertEquals(chooseFeatures(table, { label: "fraud" }), ["amount"]);
 * ```
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
