/**
 * JSON that keeps the text of its numbers, which float64 does not: 1700000000123456797, 1e400, -0, 12.50.
 *
 * @module
 */

/** A number of which `JSON.stringify` writes the source's own text (ECMAScript's `JSON.rawJSON`). */
interface RawNumber {
  readonly rawJSON: string;
}

const { rawJSON, isRawJSON } = JSON as unknown as {
  /** Absent in browsers before 2025: there, numbers are rounded. */
  rawJSON?(text: string): RawNumber;
  isRawJSON?(value: unknown): value is RawNumber;
};
const parseWith = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context?: { source?: string }) => unknown,
) => unknown;

/**
 * Parses JSON so that `JSON.stringify` writes each number back as it stood.
 *
 * A number that JavaScript would write otherwise becomes an object: read numbers with `numberOf` and `numberText`. One
 * that no database holds, such as 1e999999, becomes text.
 *
 * @throws SyntaxError as `JSON.parse` does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { numberOf, parseJson } from "./json.ts";
 *
 * const parsed = parseJson('{"id":1700000000123456797,"n":[-0,12.50]}') as { id: unknown };
 * assertEquals(JSON.stringify(parsed), '{"id":1700000000123456797,"n":[-0,12.50]}');
 * assertEquals(numberOf(parsed.id), 1700000000123456797);
 * ```
 */
export function parseJson(text: string): unknown {
  const parsed = JSON.parse(text);
  return scanJson(text).isExact ? parsed : keepNumbers(text);
}

/** As `parseJson`, without a look whether there is such a number. */
export function keepNumbers(text: string): unknown {
  return parseWith(text, (_key, value, context) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || String(value) === source) return value;
    return isStorable(source) ? rawJSON?.(source) ?? value : source;
  });
}

/** Whether PostgreSQL's `numeric`, and so `jsonb`, can hold a number. */
function isStorable(number: string): boolean {
  const [, whole, fraction = "", exponent = "0"] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number)!;
  return fraction.length - Number(exponent) <= 16_383 && whole.length + Number(exponent) <= 131_072;
}

/** The text of a number of `parseJson` as it stood; undefined if the value is no number. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return isRawJSON?.(value) ? value.rawJSON : undefined;
}

/** A number of `parseJson` as float64; undefined if the value is no number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : isRawJSON?.(value) ? Number(value.rawJSON) : undefined;
}

/** The digits of a whole number of at least 0, all of them as they stood; undefined for any other value. */
export function wholeDigits(value: unknown): string | undefined {
  const text = numberText(value);
  if (text === undefined || /^\d+$/.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? String(number) : undefined;
}

/** Text with U+FFFD for what neither `jsonb` nor strict readers of JSON take: NUL and halves of surrogate pairs. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/** What valid JSON text holds. */
export interface JsonScan {
  /** Keys as they are written, in all objects. */
  keys: number;
  depth: number;
  /** Whether JavaScript would write each number as it stands. */
  isExact: boolean;
}

/** Looks through text that is known to be JSON. */
export function scanJson(text: string): JsonScan {
  const scan: JsonScan = { keys: 0, depth: 0, isExact: true };
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON) scan.keys++;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) scan.depth = Math.max(scan.depth, ++depth);
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth--;
    else if (code === QUOTE) {
      for (i++; text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++;
    } else if (code === MINUS || isDigit(code)) {
      const start = i;
      while (isDigit(text.charCodeAt(i + 1))) i++;
      // What is left is short and whole in most cases, which is exact.
      let isExact = code !== MINUS && i - start < 15;
      if (isOfNumber(text.charCodeAt(i + 1))) {
        while (isOfNumber(text.charCodeAt(i + 1))) i++;
        isExact = false;
      }
      if (isExact || !scan.isExact) continue;
      const number = text.slice(start, i + 1);
      scan.isExact = String(Number(number)) === number;
    }
  }
  return scan;
}

/** Keys of all objects in a parsed value: one for each key that is left. */
export function countKeys(parsed: object): number {
  let count = 0;
  const left: object[] = [parsed];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) {
      for (const element of value) if (typeof element === "object" && element !== null) left.push(element);
      continue;
    }
    for (const key in value) {
      count++;
      const element = (value as Record<string, unknown>)[key];
      if (typeof element === "object" && element !== null) left.push(element);
    }
  }
  return count;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether a character that follows a number's first digits belongs to it: a digit, `.`, `e`, `E`, `+` or `-`. */
function isOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || (code | 0x20) === 0x65 || code === 0x2b || code === MINUS;
}

const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
