/** Characters that a line may have. */
const LONGEST_LINE = 16 * 2 ** 20;

/**
 * Reads text of one JSON object a line; empty lines are passed over.
 *
 * @param pieces Text cut anywhere.
 * @param name What to call the text in a message.
 * @returns Batches of objects by name of the field; a line that is not one comes as a {@link NotAnObject}. Throws
 *   SyntaxError where a line does not end within 16 Mi characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { readNdjson } from "./ndjson.ts";
 *
 * async function* pieces() {
 *   yield '{"amount":1}\n{"amo';
 *   yield 'unt":2}';
 * }
 * const rows = (await Array.fromAsync(readNdjson(pieces(), "example"))).flat();
 * assertEquals(rows, [{ amount: 1 }, { amount: 2 }]);
 * ```
 */
export async function* readNdjson(
  pieces: AsyncIterable<string>,
  name: string,
): AsyncGenerator<(Record<string, unknown> | NotAnObject)[]> {
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

/** A line that is no JSON object. */
export class NotAnObject {
  /** What is wrong with the line. */
  readonly problem: string;

  /** Keeps the problem in words. */
  constructor(problem: string) {
    this.problem = problem;
  }
}

function parseLine(line: string): Record<string, unknown> | NotAnObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return new NotAnObject((error as Error).message);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const text = line.trim();
  return new NotAnObject(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
