import {
  currencyCode,
  currencyText,
  decimalAmount,
  leastMinor,
  minorAmount,
  minorOfShort,
  minorUnits,
} from "./currency.ts";
import { assertEquals } from "../testing/assert.ts";

Deno.test("minorUnits() is what ISO 4217 says, and 100 of what it does not know", () => {
  const of = (text?: string) => minorUnits(currencyCode(text));
  assertEquals(["EUR", "USD", "MGA", "ZZZ", "XXX", undefined].map(of), Array(6).fill(100));
  assertEquals(["JPY", "KRW", "CLP", "XOF", "XPF", "BIF"].map(of), Array(6).fill(1));
  assertEquals(["KWD", "TND", "BHD", "IQD"].map(of), Array(4).fill(1000));
  assertEquals(["CLF", "UYW"].map(of), Array(2).fill(10_000));
});

Deno.test("minorUnits() keeps the hundredths of currencies that are mostly shown without", () => {
  assertEquals(
    ["RSD", "ALL", "LBP", "YER", "SOS"].map((text) => minorUnits(currencyCode(text))),
    Array(5).fill(100),
  );
});

Deno.test("minorUnits() is never fewer than Intl shows", () => {
  for (const currency of Intl.supportedValuesOf("currency")) {
    const { maximumFractionDigits = 2 } = new Intl.NumberFormat("en", { style: "currency", currency })
      .resolvedOptions();
    assertEquals(minorUnits(currencyCode(currency)) >= 10 ** maximumFractionDigits, true, currency);
  }
});

Deno.test("currencyText() gives back the letters of currencyCode()", () => {
  assertEquals([currencyText(currencyCode("EUR")), currencyText(currencyCode(undefined))], ["EUR", null]);
});

Deno.test("minorAmount() rounds half up on the digits of the text", () => {
  const hundredths: readonly [text: string, minor: number][] = [
    ["8.575", 858],
    ["8.5749999999999999999", 857],
    ["1.005", 101],
    ["0.004", 0],
    ["0.005", 1],
    ["1e-2", 1],
    ["5E-3", 1],
    ["4.9e-3", 0],
    ["1e-99999999999", 0],
    ["0e99999999999", 0],
    ["0.00000000000000000001e20", 100],
    [`0.${"0".repeat(500)}1e501`, 100],
    ["90071992547409.91", 2 ** 53 - 1],
    ["90071992547409.93", Infinity],
    ["1e400", Infinity],
  ];
  assertEquals(hundredths.map(([text]) => minorAmount(text, 100)), hundredths.map(([, minor]) => minor));
  assertEquals([minorAmount("1500.5", 1), minorAmount("12.3455", 1000), minorAmount("1.2345", 10_000)], [
    1501,
    12346,
    12345,
  ]);
});

Deno.test("minorOfShort() is minorAmount() of the number's text", () => {
  for (const units of [1, 100, 1000, 10_000]) {
    for (let i = 1; i < 40_000; i++) {
      const amount = Number(`${i * 7919 % 9_999_991}.${i % 10_000}5`);
      assertEquals(minorOfShort(amount, units), minorAmount(String(amount), units));
    }
  }
});

Deno.test("decimalAmount() has the digits of the currency", () => {
  assertEquals(
    [["1500", "JPY"], ["12.345", "KWD"], ["1.2345", "CLF"], ["8.575", "EUR"], ["1.1", undefined], [
      "0",
      "UYW",
    ]]
      .map(([amount, currency]) => decimalAmount(amount!, currency)),
    ["1500", "12.345", "1.2345", "8.58", "1.10", "0.0000"],
  );
});

Deno.test("leastMinor() is the least that reaches an amount", () => {
  assertEquals([leastMinor(8.57, 100), leastMinor(8.571, 100), leastMinor(8.575, 100)], [857, 858, 858]);
  assertEquals([leastMinor(10.4, 1), leastMinor(-3, 100), leastMinor(1e300, 100)], [11, 0, 2 ** 53 - 1]);
});
