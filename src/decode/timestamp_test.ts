import { assertEquals } from "../testing/assert.ts";
import { parseTimestamp } from "./timestamp.ts";

const cases: [unknown, number][] = [
  ["2018-04-01T00:00:31Z", 1522540831000],
  ["2018-04-01t02:00:31.123456789+02:00", 1522540831123],
  ["2018-03-31T18:30:31.1-05:30", 1522540831100],
  ["2024-02-29T23:59:59.999Z", 1709251199999],
  ["9999-12-31T23:59:59.999Z", 253402300799999],
  [1522540831000, 1522540831000],
  ["2023-02-29T00:00:00Z", NaN],
  ["2023-13-01T00:00:00Z", NaN],
  ["2023-00-01T00:00:00Z", NaN],
  ["2023-01-01T24:00:00Z", NaN],
  ["2023-01-01T00:60:00Z", NaN],
  ["2023-01-01T00:00:60Z", NaN],
  ["2023-01-01 00:00:00Z", NaN],
  ["2023-01-01T00:00:00+24:00", NaN],
  ["0026-01-01T00:00:00Z", NaN],
  ["1970-01-01T00:00:00Z", NaN],
  ["1522540831000", NaN],
  [1522540831, NaN],
  [1522540831000.5, NaN],
  [1e20, NaN],
  [-1522540831000, NaN],
  [NaN, NaN],
  [null, NaN],
  [{}, NaN],
  ["", NaN],
];

for (const [value, expected] of cases) {
  Deno.test(`parseTimestamp() of ${JSON.stringify(value)} is ${expected}`, () => {
    assertEquals(parseTimestamp(value), expected);
  });
}
