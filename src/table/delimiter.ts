import { parseFileTime } from "../domain/time.ts";
import { cellKind } from "./cell.ts";

/** One way to split the first rows of a text, as far as it holds together. */
interface Split {
  delimiter: string;
  width: number;
  rows: number;
  /** Share of the rows that have as many cells as the header. */
  fits: number;
  /** Columns without a single text: numbers in any style, times, truths. */
  typed: number;
}

const CANDIDATES = [",", ";", "\t", "|"];
const NAMES: Readonly<Record<string, string>> = { "\t": "tab" };

/** The name of a delimiter in a message. */
export function delimiterName(delimiter: string): string {
  return NAMES[delimiter] ?? `"${delimiter}"`;
}

/**
 * Chooses comma, semicolon, tab or bar by what it makes of header and rows.
 *
 * A delimiter counts if it splits the header, and at least half of the rows into as many cells. Of several the one wins
 * that leaves more columns of numbers and times, since a wrong one joins them with their neighbours.
 *
 * @param split Splits the first rows at a delimiter; undefined where its quotes are faulty.
 * @returns The delimiter; a comma for a single column. Throws RangeError where two explain the rows as well.
 */
export function chooseDelimiter(split: (delimiter: string) => string[][] | undefined, name: string): string {
  const splits = CANDIDATES.flatMap((delimiter) => {
    const rows = split(delimiter);
    return rows === undefined || rows.length === 0 || rows[0].length < 2 ? [] : [judge(delimiter, rows)];
  });
  const contenders = splits.filter(({ fits }) => fits >= 0.5);
  if (contenders.every(({ rows }) => rows === 0)) {
    return splits.toSorted((a, b) => b.fits - a.fits || b.width - a.width)[0]?.delimiter ?? ",";
  }
  const best = contenders.find((one) => contenders.every((other) => one === other || wins(one, other)));
  if (best !== undefined) return best.delimiter;
  const ways = contenders.map(({ delimiter, width }) =>
    `at ${delimiterName(delimiter)} it has ${width} columns`
  );
  throw new RangeError(
    `Cannot read ${name} as its rows can be split in more than one way: ${ways.join(", ")}; give --delimiter`,
  );
}

function judge(delimiter: string, [header, ...rows]: string[][]): Split {
  const width = header.length;
  const fitting = rows.filter((row) => row.length === width);
  const isTyped = (_: string, column: number) =>
    fitting.some((row) => cellKind(row[column]) !== "missing") &&
    fitting.every((row) => isValue(row[column]));
  return {
    delimiter,
    width,
    rows: rows.length,
    fits: rows.length === 0 ? 1 : fitting.length / rows.length,
    typed: header.filter(isTyped).length,
  };
}

function isValue(cell: string): boolean {
  return cellKind(cell) !== "text" || /^\s*(?:true|false)\s*$/i.test(cell) ||
    !Number.isNaN(parseFileTime(cell));
}

function wins(one: Split, other: Split): boolean {
  if (one.typed === one.width && other.typed < other.width) return true;
  return one.typed > other.typed && one.width >= other.width;
}
