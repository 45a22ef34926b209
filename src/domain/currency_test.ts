import { currencyCode, currencyText, minorUnits } from "./currency.ts";
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
