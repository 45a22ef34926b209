/** What stands between the whole part of a number and its fraction. */
export type DecimalSign = "." | ",";

/** Texts that stand for a missing value, in lower case: those of pandas, and NaT, MySQL's \N and Excel's #NULL!. */
const MISSING = new Set(
  ("|na|n/a|nan|-nan|+nan|nat|null|none|<na>|\\n|#na|#n/a|#n/a n/a|#null!|1.#ind|-1.#ind|1.#qnan|-1.#qnan")
    .split("|"),
);
const LONGEST_MISSING = Math.max(...Array.from(MISSING, (word) => word.length));

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const COMMA_NUMBER = /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?inf(inity)?$/i;
/** Whole parts in groups of three, by the sign of the fraction; an apostrophe or a space may stand between them too. */
const GROUPED: Readonly<Record<DecimalSign, RegExp>> = {
  ".": /^[+-]?[1-9]\d{0,2}([,'’ \u00a0\u202f])\d{3}(\1\d{3})*(\.\d*)?$/,
  ",": /^[+-]?[1-9]\d{0,2}([.'’ \u00a0\u202f])\d{3}(\1\d{3})*(,\d*)?$/,
};
const GROUP_SIGNS: Readonly<Record<DecimalSign, RegExp>> = {
  ".": /[,'’ \u00a0\u202f]/g,
  ",": /[.'’ \u00a0\u202f]/g,
};
/** A number with separators of any kind, without sign, currency and the like. */
const STYLED =
  /^\p{Nd}{1,3}([.,'’_٬ \u00a0\u202f]\p{Nd}{2,3})*[.,'’_٬ \u00a0\u202f]\p{Nd}{3}([.,٫]\p{Nd}*)?$|^\p{Nd}*[.,٫]?\p{Nd}+$/u;
const CURRENCIES = Intl.supportedValuesOf("currency").join("|");
/** What people write around a number: signs, brackets, quotes, currencies, percent. */
const AROUND = new RegExp(
  `^(?:[\\s'"(+\\-−]|\\p{Sc}|US\\$|(?:${CURRENCIES}|kr|Rs|zł|Kč|Fr)\\.?)+` +
    `|(?:[\\s'")\\-−%‰]|\\p{Sc}|(?:${CURRENCIES}|kr|zł|Kč|Fr|k|bn|mn)\\.?)+$`,
  "gu",
);

/**
 * The number in a cell, or NaN where it holds none that a forest can take.
 *
 * Numbers are decimal, with or without exponent, with white space around them allowed. Numbers beyond the range of
 * float32 and JSON values of other types give NaN.
 *
 * @param cell Text of a CSV cell or a JSON value, as in the functions below.
 * @param decimal Sign of the fraction in text; where it is given, thousands may be separated.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cellNumber } from "./cell.ts";
 *
 * assertEquals([cellNumber(" 1.5e3"), cellNumber("0x10"), cellNumber("")], [1500, NaN, NaN]);
 * assertEquals([cellNumber("1.234,5", ","), cellNumber("1,234.5", "."), cellNumber("1,234.5")], [1234.5, 1234.5, NaN]);
 * ```
 */
export function cellNumber(cell: unknown, decimal?: DecimalSign): number {
  let value: number;
  if (typeof cell === "string") {
    if (decimal !== undefined) return cellNumber(withPoint(cell, decimal));
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

/** A number's text with a decimal point and without separators of thousands; other text gives none that is a number. */
export function withPoint(cell: string, decimal: DecimalSign): string {
  const text = cell.trim();
  const plain = GROUPED[decimal].test(text) ? text.replace(GROUP_SIGNS[decimal], "") : text;
  if (decimal === ".") return plain;
  return COMMA_NUMBER.test(plain) ? plain.replace(",", ".") : "";
}

/** `styled` is a number that is written in another way than `cellNumber` reads. */
export type CellKind = "number" | "missing" | "out of range" | "styled" | "text";

/**
 * Sorts a cell, for the choice of numeric columns and for messages.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cellKind } from "./cell.ts";
 *
 * const cells = ["7", "NaN", "-inf", "1e39", "0,50", "€ 5", "Zurich"];
 * assertEquals(cells.map((cell) => cellKind(cell)), [
 *   "number", "missing", "out of range", "out of range", "styled", "styled", "text",
 * ]);
 * ```
 */
export function cellKind(cell: unknown, decimal?: DecimalSign): CellKind {
  if (!Number.isNaN(cellNumber(cell, decimal))) return "number";
  if (isMissing(cell)) return "missing";
  if (typeof cell === "number") return "out of range";
  if (typeof cell !== "string") return "text";
  const text = cell.trim();
  if (NUMBER.test(decimal === undefined ? text : withPoint(text, decimal)) || INFINITE.test(text)) {
    return "out of range";
  }
  return text.length <= 64 && STYLED.test(text.replace(AROUND, "")) ? "styled" : "text";
}

/** Whether a cell holds no value: it is absent, empty, or a word for that. */
export function isMissing(cell: unknown): boolean {
  if (typeof cell !== "string") return cell === null || cell === undefined || Number.isNaN(cell);
  const text = cell.trim();
  return text.length <= LONGEST_MISSING && MISSING.has(text.toLowerCase());
}

/** Why a cell is no number: "must be …: current value is …", and what to do. */
export function numberProblem(cell: unknown, decimal?: DecimalSign): string {
  const found = `current value is ${showCell(cell)}`;
  const kind = cellKind(cell, decimal);
  if (kind === "out of range") return `must be finite and within the range of float32: ${found}`;
  if (kind === "missing") return `must be a number: ${found}, which is missing`;
  return `must be a number: ${found}${styleHint(cell, decimal)}`;
}

/** What to do about a cell with a number in another style, as the end of a sentence; "" for other cells. */
export function styleHint(cell: unknown, decimal?: DecimalSign): string {
  if (typeof cell !== "string" || cellKind(cell, decimal) !== "styled") return "";
  const ways = ([".", ","] as const).filter((sign) => !Number.isNaN(cellNumber(cell, sign)));
  if (ways.length === 0) return "; write it as digits with a decimal point alone, such as 1234.56";
  if (decimal !== undefined) return `, which is none with --decimal ${decimal}`;
  return `; ${ways.map((sign) => `--decimal ${sign} reads it as ${cellNumber(cell, sign)}`).join(", ")}`;
}

/** The label in a cell: 1 for `1` and `true`, 0 for `0` and `false` in any case, undefined for anything else. */
export function cellLabel(cell: unknown): 0 | 1 | undefined {
  if (typeof cell === "boolean") return cell ? 1 : 0;
  const number = cellNumber(cell);
  if (number === 0 || number === 1) return number;
  const text = typeof cell === "string" ? cell.trim().toLowerCase() : "";
  return text === "true" ? 1 : text === "false" ? 0 : undefined;
}

/** A cell as a message shows it: quoted, and cut after 40 characters. */
export function showCell(cell: unknown): string {
  const text = JSON.stringify(cell) ?? "missing";
  return text.length > 42 ? `${text.slice(0, 40)}…"` : text;
}
