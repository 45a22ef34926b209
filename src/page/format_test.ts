import { assertEquals } from "../testing/assert.ts";
import {
  axisLabels,
  formatAmount,
  formatCount,
  formatMs,
  formatShort,
  formatTime,
  formatValue,
} from "./format.ts";

Deno.test("formatAmount() has the currency's digits, and stands any text as a currency", () => {
  assertEquals(formatAmount(1234.5, "EUR"), "1,234.50 EUR");
  assertEquals(formatAmount(1234.5, "JPY"), "1,235 JPY");
  assertEquals(formatAmount(0.1, "KWD"), "0.100 KWD");
  assertEquals(formatAmount(7, null), "7.00");
  assertEquals(formatAmount(7, "no code"), "7.00 no code");
});

Deno.test("formatMs() has the unit that suits", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [1.26, "1.3 ms"],
    [120.4, "120 ms"],
    [999, "999 ms"],
    [9949, "9.9 s"],
    [2000, "2 s"],
    [
      12_345,
      "12.3 s",
    ],
    [
      90_000,
      "1.5 min",
    ],
  ];
  for (const [value, text] of cases) assertEquals(formatMs(value), text);
});

Deno.test("axisLabels() has enough digits to tell two values apart", () => {
  const amounts = (value: number) => formatAmount(value);
  assertEquals(axisLabels([0, 50, 100], amounts), ["0.00", "50.00", "100.00"]);
  assertEquals(axisLabels([0, 0.002, null, 0.004], amounts), ["0", "0.002", "", "0.004"]);
  assertEquals(axisLabels([0, 0.02, 0.04], formatMs), ["0 ms", "0.02 ms", "0.04 ms"]);
});

Deno.test("formatValue() shows small and large values", () => {
  const cases: [number, string][] = [[0, "0"], [3, "3"], [0.12345, "0.123"], [12.345, "12.35"], [
    123.45,
    "123.5",
  ], [
    0.00001,
    "≈ 0",
  ], [1.5e9, "1.50e+9"]];
  for (const [value, text] of cases) assertEquals(formatValue(value), text);
});

Deno.test("formatTime() is UTC, and what is not known is a dash", () => {
  assertEquals(formatTime("2026-01-02T03:04:05.678+01:00"), "2 Jan 2026 02:04:05");
  assertEquals(formatTime(0), "1 Jan 1970 00:00:00");
  assertEquals([
    formatTime("soon"),
    formatTime(null),
    formatCount(NaN),
    formatShort(null),
    formatMs(undefined),
  ], Array(5).fill("–"));
});
