/**
 * Reading the values of options, with an error that says what they must be.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS, parseFileTime } from "../../../src/domain/time.ts";

/**
 * Reads the name of a topic for commander's `option`, by Kafka's rule, so that each stream takes it and each object's key too.
 *
 * @param text 1 to 230 letters, digits, full stops, hyphens and low lines: Kafka takes 249, and the name of dead letters is longer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { topicName } from "./values.ts";
 *
 * assertEquals(topicName("card.transactions-2"), "card.transactions-2");
 * ```
 */
export function topicName(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,230}$/.test(text) || /^\.\.?$/.test(text)) {
    throw new InvalidArgumentError("It must be 1 to 230 letters, digits, full stops, hyphens and low lines.");
  }
  return text;
}

/** Reads a time as in files, UTC unless it names a zone, from 1973-03-03 to 9999-12-31; milliseconds since 1970. */
export function pointInTime(text: string): number {
  const ms = parseFileTime(text);
  if (ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS) return ms;
  throw new InvalidArgumentError(
    "It must be a date or a time from 1973-03-03 to 9999-12-31, such as 2026-01-31T12:00:00Z: " +
      `current value is ${text}`,
  );
}

/**
 * A reader of a whole number for commander's `option`.
 *
 * @param min Smallest value allowed.
 * @param max Largest value allowed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { wholeNumber } from "./values.ts";
 *
 * assertEquals(wholeNumber(1)("256"), 256);
 * ```
 */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/**
 * A reader of a decimal number for commander's `option`.
 *
 * @param above The value must be greater than this.
 * @param atMost The value must be no greater than this.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { decimalNumber } from "./values.ts";
 *
 * assertEquals(decimalNumber(0, 0.5)("0.01"), 0.01);
 * ```
 */
export function decimalNumber(above: number, atMost: number = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > above && value <= atMost)) {
      const bound = atMost === Number.MAX_VALUE ? "" : ` and at most ${atMost}`;
      throw new InvalidArgumentError(`It must be a number above ${above}${bound}.`);
    }
    return value;
  };
}

/**
 * Reads a list of names separated by commas for commander's `option`; a name with a comma stands in quotes.
 *
 * @param text Names, white space around them being dropped; throws where one is empty or stands twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { nameList } from "./values.ts";
 *
 * assertEquals(nameList('amount, "hour, UTC"'), ["amount", "hour, UTC"]);
 * ```
 */
export function nameList(text: string): string[] {
  const names = Array.from(
    `${text},`.matchAll(/\s*(?:"([^"]*)"\s*|([^,]*)),/g),
    ([, quoted, plain]) => quoted ?? plain.trim(),
  );
  if (names.includes("")) throw new InvalidArgumentError("It must be names separated by commas.");
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new InvalidArgumentError(`It must name each once: "${repeated}" stands twice.`);
  }
  return names;
}
