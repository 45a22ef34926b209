/** Steps from a value to one inside of it: names of fields, and indexes of arrays. */
export interface Path {
  readonly text: string;
  /** Whether it begins at the whole record instead of what `unwrap` names. */
  readonly fromRecord: boolean;
  readonly steps: readonly (string | number)[];
}

const STEP = /^(?:\.?([^.[\]"]+)|\[(\d+)\]|\.?\["((?:[^"\\]|\\.)+)"\])/;

/**
 * Reads a path as `payment.lines[0].price`; a name with other characters is written `["a.b"]`, and `$.` begins at the
 * whole record.
 *
 * @throws SyntaxError where the text is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { parsePath, valueAt } from "./path.ts";
 *
 * const path = parsePath('lines[0]["unit.price"]');
 * assertEquals(valueAt({ lines: [{ "unit.price": 3 }] }, path), 3);
 * ```
 */
export function parsePath(text: string): Path {
  const fromRecord = text === "$" || text.startsWith("$.") || text.startsWith("$[");
  let rest = fromRecord ? text.slice(1) : text;
  const steps: (string | number)[] = [];
  while (rest !== "") {
    const found = STEP.exec(rest);
    const isFirst = steps.length === 0 && !fromRecord;
    if (
      found === null || (isFirst && rest[0] === ".") ||
      (!isFirst && found[1] !== undefined && rest[0] !== ".")
    ) {
      throw new SyntaxError(
        `Cannot read the path "${text}" as it must be names and indexes such as a.b[0].c: see "${
          rest.slice(0, 20)
        }"`,
      );
    }
    const [all, name, index, quoted] = found;
    steps.push(name ?? (index !== undefined ? Number(index) : JSON.parse(`"${quoted}"`)));
    rest = rest.slice(all.length);
  }
  if (steps.length === 0 && !fromRecord) {
    throw new SyntaxError("Cannot read the path as it must name a field: it is empty");
  }
  return { text, fromRecord, steps };
}

/** The value at a path, undefined where there is none; only own fields of objects and elements of arrays count. */
export function valueAt(value: unknown, { steps }: Path): unknown {
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) ? typeof step !== "number" : !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
