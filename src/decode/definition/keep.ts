import { numberText, parseJson, storableText } from "../../runtime/json.ts";
import type { StreamDefinition } from "./definition.ts";
import { parsePath, type Path, valueAt } from "./path.ts";

/** Names of fields that hold a card number, its check value or its expiry; they are kept only where `keep` names them. */
export const OF_CARDS: RegExp =
  /^(?:pan|(?:card|cc|primary_?account|account)_?(?:number|num|no|pan)|cvv2?|cvc2?|cid|(?:card_?)?security_?code|card_?verification\w*|(?:card_?)?exp(?:iry|iration|ires)?(?:_?(?:date|month|year|mm|yy|mmyy|yymm))?|track_?[12](?:_?data)?|pin(?:_?block)?)$/i;
/** Card numbers of the schemes by their first digits. */
const OF_SCHEMES = /^(?:4|5[1-5]|2[2-7]|3[47]|3[0689]|35|6)\d{11,18}$/;
/** A field is one of card numbers where so many of its values can be. */
export const CARD_SHARE = 0.9;

/** Makes what flagged records show of a record, as `keep` says. */
export interface Keeper {
  (body: unknown): Record<string, unknown>;
  /** Fields that were left out as they look like card data, by path. */
  readonly leftOut: ReadonlySet<string>;
}

/**
 * Opens the keeper of a definition.
 *
 * @param mapped Paths that other fields of the verdict show already.
 */
export function openKeeper(keep: StreamDefinition["keep"], mapped: readonly Path[]): Keeper {
  const leftOut = new Set<string>();
  const numbers = new Map<string, { seen: number; cards: number }>();
  const isCardNumber = (path: string, value: unknown): boolean => {
    const text = typeof value === "string"
      ? value.replace(/[ -]/g, "")
      : typeof value === "bigint"
      ? String(value)
      : numberText(value) ?? "";
    if (text.length < 12 || text.length > 19 || !/^\d+$/.test(text)) return false;
    const counts = numbers.get(path) ?? { seen: 0, cards: 0 };
    numbers.set(path, counts);
    counts.seen++;
    if (OF_SCHEMES.test(text) && passesLuhn(text)) counts.cards++;
    return counts.cards >= CARD_SHARE * counts.seen;
  };
  const named = Array.isArray(keep) ? keep.map(parsePath) : [];
  const without = new Set([
    ...mapped.map(({ steps }) => steps.join("\0")),
    ...typeof keep === "object" && !Array.isArray(keep)
      ? keep.without.map((text) => parsePath(text).steps.join("\0"))
      : [],
  ]);
  const copy = (value: unknown, steps: string): unknown => {
    if (without.has(steps)) return undefined;
    if (
      typeof value !== "object" || value === null || value instanceof Date || numberText(value) !== undefined
    ) {
      if (!isCardNumber(steps, value)) return value;
      leftOut.add(steps.replaceAll("\0", "."));
      return undefined;
    }
    if (Array.isArray(value)) return value.map((element, i) => copy(element, `${steps}\0${i}`) ?? null);
    if (value instanceof Uint8Array) return value;
    const kept: [name: string, value: unknown][] = [];
    for (const [name, inner] of Object.entries(value)) {
      const path = steps === "" ? name : `${steps}\0${name}`;
      if (
        OF_CARDS.test(name) &&
        (typeof inner !== "object" || inner === null || numberText(inner) !== undefined)
      ) {
        if (!without.has(path)) leftOut.add(path.replaceAll("\0", "."));
        continue;
      }
      const each = copy(inner, path);
      if (each !== undefined) kept.push([name, each]);
    }
    return kept.length > 0 || steps === "" ? Object.fromEntries(kept) : undefined;
  };
  const keeper = (body: unknown): Record<string, unknown> => {
    if (!Array.isArray(keep)) return writable(copy(body, "")) as Record<string, unknown>;
    const kept: Record<string, unknown> = {};
    for (const path of named) {
      const value = valueAt(body, path);
      if (value !== undefined) kept[path.text] = writable(value);
    }
    return kept;
  };
  return Object.assign(keeper, { leftOut });
}

/** A value of any format as JSON, and the databases that read it, can hold it: numbers keep their digits. */
function writable(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (typeof value === "bigint" || Object.is(value, -0)) return parseJson(value === 0 ? "-0" : String(value));
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return value.toBase64();
  if (Array.isArray(value)) return value.map(writable);
  if (
    typeof value !== "object" || value === null || value instanceof Date || numberText(value) !== undefined
  ) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [storableText(name), writable(inner)]),
  );
}

/** Whether the check digit of a number is right (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, twice = false; i >= 0; i--, twice = !twice) {
    const digit = digits.charCodeAt(i) - 48;
    sum += twice ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0;
}
