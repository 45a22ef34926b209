import { numberOf } from "../../runtime/json.ts";
import type { Condition } from "./definition.ts";
import { originReader, type StreamRecord } from "./origin.ts";

/** Makes the test whether a record is a transaction: all conditions hold. A missing value equals null only. */
export function whereTest(conditions: readonly Condition[]): (record: StreamRecord) => boolean {
  const tests = conditions.map(conditionTest);
  return (record) => tests.every((test) => test(record));
}

function conditionTest(condition: Condition): (record: StreamRecord) => boolean {
  const read = originReader(condition);
  const { equals, not_equals, one_of, exists, above, below } = condition;
  return (record) => {
    const value = plain(read(record));
    if (equals !== undefined && value !== equals) return false;
    if (not_equals !== undefined && value === not_equals) return false;
    if (one_of !== undefined && !one_of.some((each) => each === value)) return false;
    if (exists !== undefined && (value !== null) !== exists) return false;
    if (above !== undefined && !(typeof value === "number" && value > above)) return false;
    return below === undefined || (typeof value === "number" && value < below);
  };
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "bigint" ? Number(value) : numberOf(value) ?? value;
}
