import { assertEquals, assertThrows } from "../testing/assert.ts";
import { parseFileTime, parseTableTime, parseTimestamp, TimestampText } from "./time.ts";

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

Deno.test("parseFileTime() reads calendar times and epochs of every unit", () => {
  const t = Date.UTC(2018, 3, 1, 0, 0, 31);
  const cases: [string, number][] = [
    ["2018-04-01 00:00:31", t],
    [" 2018-04-01 00:00:31 ", t],
    ["2018-04-01T00:00:31Z", t],
    ["2018-04-01t00:00:31z", t],
    ["2018-04-01T00:00:31.5Z", t + 500],
    ["2018-04-01T00:00:31.123456789Z", t + 123],
    ["2018-04-01 00:00:31,250", t + 250],
    ["2018-04-01T02:00:31+02:00", t],
    ["2018-04-01T02:00:31+0200", t],
    ["2018-03-31T19:30:31-04:30", t],
    ["2018-04-01 02:00:31+02", t],
    ["2018-04-01T00:00", t - 31_000],
    ["2018-04-01", t - 31_000],
    ["2020-02-29", Date.UTC(2020, 1, 29)],
    ["0099-01-01", new Date("0099-01-01T00:00:00Z").getTime()],
    ["1522540831", t],
    ["1522540831.75", t + 750],
    ["1522540831000", t],
    ["1522540831000.0", t],
    ["1522540831000000", t],
    ["1522540831000000000", t],
    ["0", 0],
    ["-1", -1000],
  ];
  for (const [cell, ms] of cases) assertEquals(parseFileTime(cell), ms, cell);
});

Deno.test("parseFileTime() gives NaN for anything else", () => {
  const cells = [
    "",
    " ",
    "soon",
    "2018-02-30",
    "2019-02-29",
    "2018-13-01",
    "2018-00-10",
    "2018-04-01T24:00:00",
  ];
  cells.push(
    "2018-04-01T00:60:00",
    "2018-4-1",
    "01/04/2018",
    "2018-04-01T00:00:31+25:00",
    "NaN",
    "Infinity",
    "1e9",
  );
  cells.push("0x10", "2018-04-01T00:00:31ZZ", "99999999999999999999999999", "2018-04-01 00:00:31 and more");
  for (const cell of cells) assertEquals(parseFileTime(cell), NaN, cell);
});

Deno.test("parseFileTime() reads plain times as the calendar does, whatever came before", () => {
  const zoned = (text: string) => parseFileTime(`${text.replace(/Z$/, "")}+00:00`);
  const days = [
    "2018-04-01",
    "2018-04-01",
    "2020-02-29",
    "2019-02-29",
    "0000-01-01",
    "9999-12-31",
    "2018-4-001",
  ];
  const times = [
    "00:00:00",
    "23:59:59",
    "24:00:00",
    "12:60:00",
    "12:00:60",
    "1a:00:00",
    "12-00:00",
    " 1:02:03",
  ];
  for (const day of days) {
    for (const time of times) {
      for (const text of [`${day} ${time}`, `${day}T${time}`, `${day}T${time}Z`, `${day}_${time}`]) {
        assertEquals(parseFileTime(text), zoned(text), text);
      }
    }
  }
});

Deno.test("parseTableTime() reads what Date.parse reads of a date with or without a time of day, in UTC", () => {
  const days = ["2018-04-01", "2018-02-31", "0000-01-01", "9999-12-31"];
  const times = ["", "00:00", "23:59:59", "24:00", "12:00:00.5", "12:00:00.123456"];
  for (const day of days) {
    for (const time of times) {
      for (const zone of time === "" ? [""] : ["", "Z", "z", "+02:00", "-0530"]) {
        const expected = Date.parse(`${day}T${time || "00:00"}${zone.toUpperCase() || "Z"}`);
        assertEquals(
          parseTableTime(`${day}${time === "" ? "" : ` ${time}`}${zone}`),
          expected,
          `${day} ${time}${zone}`,
        );
      }
    }
  }
  for (
    const text of ["", "2018-04-32", "2018-13-01", "2018-04-01 24:01", "2018-04-01 10:00 Z", "1522540831"]
  ) {
    assertEquals(parseTableTime(text), NaN, text);
  }
});

Deno.test("TimestampText writes what Date.toISOString writes, in any order", () => {
  const text = new TimestampText();
  const edges = [0, -1, 86_399_999, 86_400_000, 951_782_400_000, 253_402_300_799_999, -62_167_219_200_000];
  const spread = Array.from({ length: 5_000 }, (_, i) => Math.floor((i * 0.618034 % 1 - 0.2) * 4e12));
  const bytes = new Uint8Array(26).fill(33);
  for (const ms of [...edges, ...spread]) {
    assertEquals(text.write(ms), new Date(ms).toISOString());
    assertEquals(text.put(bytes, 1, ms), 25);
    assertEquals(new TextDecoder().decode(bytes), `!${new Date(ms).toISOString()}!`);
  }
});

Deno.test("TimestampText refuses years of five digits", () => {
  const text = new TimestampText();
  assertThrows(() => text.write(253_402_300_800_000), RangeError, "current value is 253402300800000 ms");
  assertThrows(() => text.write(9e15), RangeError, "year");
  assertThrows(() => text.write(NaN), RangeError, "year");
});
