import { numberOf, numberText } from "../../runtime/json.ts";
import { CARD_SHARE, OF_CARDS, passesLuhn } from "../definition/keep.ts";

/** What a sample of records has at one path. */
export interface PathProfile {
  /** As definitions write it. */
  path: string;
  /** Records that have a value there, null apart. */
  count: number;
  types: ReadonlySet<string>;
  /** Different values, up to a bound. */
  distinct: number;
  /** Of numbers and of text that is a number. */
  min: number;
  max: number;
  /** Values as text: a few of them, no two alike; none of card data. */
  examples: readonly string[];
  /** Whether it looks like a card number, its check value or its expiry. */
  isCardData: boolean;
  /** Values for the tests that a proposal makes, a few hundred at most. */
  values: readonly unknown[];
}

const MOST_PATHS = 2000;
const MOST_DISTINCT = 5000;
const MOST_VALUES = 500;
const MOST_DEPTH = 12;

/** Profiles the paths of records; those of an array are of its first element. */
export function profilePaths(records: readonly unknown[]): PathProfile[] {
  const found = new Map<string, Collected>();
  for (const record of records) collect(record, "", 0, found);
  return [...found].map(([path, { values, distinct, types, count, min, max, cards, texts }]) => {
    const isCardData = OF_CARDS.test(path.split(".").at(-1)!) || cards >= CARD_SHARE * texts;
    const examples = isCardData ? [] : [...distinct].slice(0, 3);
    return { path, count, types, distinct: distinct.size, min, max, examples, isCardData, values };
  });
}

interface Collected {
  values: unknown[];
  distinct: Set<string>;
  types: Set<string>;
  count: number;
  min: number;
  max: number;
  cards: number;
  texts: number;
}

function collect(value: unknown, path: string, depth: number, found: Map<string, Collected>) {
  if (value === null || value === undefined) return;
  const isLeaf = typeof value !== "object" || value instanceof Date || value instanceof Uint8Array ||
    numberText(value) !== undefined;
  if (!isLeaf) {
    if (depth > MOST_DEPTH) return;
    if (Array.isArray(value)) return collect(value[0], `${path}[0]`, depth + 1, found);
    for (const [name, inner] of Object.entries(value)) {
      const step = /^[^.[\]"\s]+$/.test(name) ? name : `["${name}"]`;
      collect(
        inner,
        path === "" ? step : step.startsWith("[") ? path + step : `${path}.${step}`,
        depth + 1,
        found,
      );
    }
    return;
  }
  let profile = found.get(path);
  if (profile === undefined) {
    if (found.size >= MOST_PATHS) return;
    profile = {
      values: [],
      distinct: new Set(),
      types: new Set(),
      count: 0,
      min: Infinity,
      max: -Infinity,
      cards: 0,
      texts: 0,
    };
    found.set(path, profile);
  }
  const text = textOf(value);
  profile.count++;
  profile.types.add(typeName(value));
  if (profile.values.length < MOST_VALUES) profile.values.push(value);
  if (profile.distinct.size < MOST_DISTINCT) profile.distinct.add(text);
  const number = numberOf(value) ?? (typeof value === "string" && value.trim() !== "" ? Number(value) : NaN);
  if (Number.isFinite(number)) {
    profile.min = Math.min(profile.min, number);
    profile.max = Math.max(profile.max, number);
  }
  profile.texts++;
  const digits = text.replace(/[ -]/g, "");
  if (/^[2-6]\d{11,18}$/.test(digits) && passesLuhn(digits)) profile.cards++;
}

/** A value as people see it. */
export function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return numberText(value) ?? String(value);
}

function typeName(value: unknown): string {
  if (value instanceof Date) return "time";
  if (value instanceof Uint8Array) return "bytes";
  if (numberText(value) !== undefined || typeof value === "bigint") return "number";
  return typeof value === "string" ? "text" : typeof value;
}
