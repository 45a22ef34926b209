import { assertEquals } from "../testing/assert.ts";
import { numberOf, numberText, parseJson, scanJson, wholeDigits } from "./json.ts";

/** Numbers in the notations that JSON has, and whether JavaScript writes them as they stand. */
const NUMBERS: readonly [text: string, isExact: boolean][] = [
  ["0", true],
  ["-0", false],
  ["-7", true],
  ["123456789012345", true],
  ["9007199254740992", true],
  ["9007199254740993", false],
  ["1700000000123456797", false],
  ["12.5", true],
  ["12.50", false],
  ["100.00", false],
  ["0.1234567890123456789", false],
  ["0.000001", true],
  ["0.0000001", false],
  ["1e-7", true],
  ["1E-7", false],
  ["1e+21", true],
  ["1e21", false],
  ["1e400", false],
  ["-1.5E+300", false],
  ["1e-400", false],
];

for (const [text, isExact] of NUMBERS) {
  Deno.test(`parseJson() keeps ${text} as it stands`, () => {
    assertEquals(scanJson(text).isExact, isExact);
    for (const json of [text, `[${text}]`, `{"a":{"b":[0,${text}]},"c":"${text}"}`]) {
      assertEquals(JSON.stringify(parseJson(json)), json);
    }
    assertEquals([numberText(parseJson(text)), numberOf(parseJson(text))], [text, Number(text)]);
  });
}

Deno.test("parseJson() makes text of numbers that no database holds", () => {
  const far = ["1e999999", "-1e-20000", `0.${"1".repeat(20_000)}`, "1e99999999999999999999"];
  assertEquals(JSON.stringify(parseJson(`[${far}]`)), JSON.stringify(far));
  const near = ["1e131000", "1e-16000", "1".repeat(60_000)];
  assertEquals(JSON.stringify(parseJson(`[${near}]`)), `[${near}]`);
});

Deno.test("numberOf() and numberText() take no other value for a number", () => {
  for (const value of ['"1"', "null", "true", "[1]", '{"rawJSON":"1"}']) {
    const parsed = parseJson(value);
    assertEquals([numberOf(parsed), numberText(parsed), wholeDigits(parsed)], [
      undefined,
      undefined,
      undefined,
    ]);
  }
});

Deno.test("wholeDigits() keeps the digits of whole numbers, and is undefined of other numbers", () => {
  const of = (text: string) => wholeDigits(parseJson(text));
  const kept = ["0", "596", "9007199254740993", "1700000000123456797", "1".repeat(100)];
  assertEquals(kept.map(of), kept);
  assertEquals(["1e3", "7.0", "-0"].map(of), ["1000", "7", "0"]);
  assertEquals(["-1", "1.5", "1e30", "12345678901234567890.0", "1e400"].map(of), Array(5).fill(undefined));
});

Deno.test("parseJson() writes back 5,000 drawn values as they stood", () => {
  let state = 7;
  const draw = (bound: number) => (state = Math.imul(state, 1103515245) + 12345 >>> 0) % bound;
  const digits = (most: number) => Array.from({ length: 1 + draw(most) }, () => draw(10)).join("");
  const number = () =>
    `${draw(3) ? "" : "-"}${draw(4) ? 1 + draw(9) + digits(22) : "0"}${draw(2) ? `.${digits(22)}` : ""}${
      draw(3) ? "" : `${draw(2) ? "e" : "E"}${["", "+", "-"][draw(3)]}${digits(3)}`
    }`;
  const value = (depth: number): string => {
    const kind = draw(depth > 4 ? 4 : 7);
    if (kind < 3) return number();
    if (kind === 3) return ['"1e5"', '"a\\"1.0\\\\"', "true", "null", '"é\u2028"'][draw(5)];
    const values = Array.from({ length: draw(4) }, () => value(depth + 1));
    return kind < 5 ? `[${values}]` : `{${values.map((each, i) => `"k${i}":${each}`)}}`;
  };
  for (let i = 0; i < 5_000; i++) {
    const json = value(0);
    assertEquals(JSON.stringify(parseJson(json)), json);
  }
});
