import { parseTableTime } from "../domain/time.ts";

/** Texts that stand for a missing value, in lower case; those of pandas' list that tables have. */
const MISSING = new Set(["", "na", "n/a", "nan", "null", "none", "#n/a", "<na>"]);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?inf(inity)?$/i;

/**
 * The number in a cell, or NaN where it holds none that a forest can take.
 *
 * Numbers are decimal, with or without exponent, with white space around them allowed. Numbers beyond the range of
 * float32 and JSON values of other types give NaN.
 *
 * @param cell Text of a CSV cell or a JSON value, as in the functions below.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cellNumber } from "./cell.ts";
 *
 * assertEquals([cellNumber(" 1.5e3"), cellNumber("0x10"), cellNumber("")], [1500, NaN, NaN]);
 * ```
 */
export function cellNumber(cell: unknown): number {
  let value: number;
  if (typeof cell === "string") {
    value = +cell;
    // Number() takes the empty string for 0 and knows hexadecimal, octal and binary: their second sign is a letter.
    const plain = cell.length > 0 && cell.charCodeAt(0) > 32 &&
      !(cell.charCodeAt(1) > 57 && !NUMBER.test(cell));
    if (!plain && !NUMBER.test(cell.trim())) return NaN;
  } else if (typeof cell === "number") {
    value = cell;
  } else {
    return NaN;
  }
  return Number.isFinite(Math.fround(value)) ? value : NaN;
}

export type CellKind = "number" | "missing" | "out of range" | "text";

/**
 * Sorts a cell, for the choice of numeric columns and for messages.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cellKind } from "./cell.ts";
 *
 * assertEquals(["7", "NaN", "-inf", "1e39", "Zurich"].map(cellKind), [
 *   "number", "missing", "out of range", "out of range", "text",
 * ]);
 * ```
 */
export function cellKind(cell: unknown): CellKind {
  if (!Number.isNaN(cellNumber(cell))) return "number";
  if (cell === null || cell === undefined) return "missing";
  if (typeof cell === "number") return Number.isNaN(cell) ? "missing" : "out of range";
  if (typeof cell !== "string") return "text";
  const text = cell.trim();
  if (MISSING.has(text.toLowerCase())) return "missing";
  return NUMBER.test(text) || INFINITE.test(text) ? "out of range" : "text";
}

/** The label in a cell: 1 for `1` and `true`, 0 for `0` and `false` in any case, undefined for anything else. */
export function cellLabel(cell: unknown): 0 | 1 | undefined {
  if (typeof cell === "boolean") return cell ? 1 : 0;
  const number = cellNumber(cell);
  if (number === 0 || number === 1) return number;
  const text = typeof cell === "string" ? cell.trim().toLowerCase() : "";
  return text === "true" ? 1 : text === "false" ? 0 : undefined;
}

/** The time in a cell as epoch milliseconds, or NaN: a number as it is, text as `parseTableTime` reads it. */
export function cellTime(cell: unknown): number {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string") return NaN;
  const text = cell.trim();
  return NUMBER.test(text) ? Number(text) : parseTableTime(text);
}

/** A cell as a message shows it: quoted, and cut after 40 characters. */
export function showCell(cell: unknown): string {
  const text = JSON.stringify(cell) ?? "missing";
  return text.length > 42 ? `${text.slice(0, 40)}…"` : text;
}
