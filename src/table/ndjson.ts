import { countKeys, scanJson } from "../runtime/json.ts";
import { BadRow } from "./bad_row.ts";

/** Characters that a line of NDJSON may have. */
const LONGEST_LINE = 16 * 2 ** 20;

/** The objects of NDJSON text cut anywhere, line by line; whole numbers beyond 2^53 are text with all their digits. */
export async function* readNdjson(
  pieces: AsyncIterable<string>,
  name: string,
): AsyncGenerator<(Record<string, unknown> | BadRow)[]> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) {
      throw new SyntaxError(
        `Cannot read ${name} as a line must have at most ${LONGEST_LINE} characters: current value is ${rest.length}`,
      );
    }
    const rows = lines.filter((line) => line.trim() !== "").map(parseLine);
    if (rows.length > 0) yield rows;
  }
  if (rest.trim() !== "") yield [parseLine(rest)];
}

/** Sixteen digits in a row: a number that may hold more than a float64 does. */
export const LONG_NUMBER = /\d{16}/;

/** Keeps a number that would lose digits as its text. */
function keepDigits(_key: string, value: unknown, { source }: { source: string }): unknown {
  return typeof value === "number" && LONG_NUMBER.test(source) && String(value) !== source ? source : value;
}

function parseLine(line: string): Record<string, unknown> | BadRow {
  let problem: string;
  try {
    const value: unknown = LONG_NUMBER.test(line)
      ? JSON.parse(line, keepDigits as () => unknown)
      : JSON.parse(line);
    const text = line.trim();
    problem = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (scanJson(line).keys === countKeys(value)) return value as Record<string, unknown>;
      problem = `one that names a key twice, ${problem}`;
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  return new BadRow(`must be a JSON object: current value is ${problem}`);
}
