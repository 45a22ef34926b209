import { assertEquals, assertThrows } from "../testing/assert.ts";
import { epochHint, FileTimes, parseFileTime, parseTimestamp, TimestampText } from "./time.ts";

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
  ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
  ["1990-12-31T15:59:60-08:00", Date.UTC(1991, 0, 1)],
  ["2015-07-01T01:59:60.250+02:00", Date.UTC(2015, 6, 1) + 250],
  ["2016-12-30T23:59:60Z", NaN],
  ["2016-12-31T23:59:61Z", NaN],
  ["2016-12-31T22:59:60Z", NaN],
  ["2016-12-31T23:59:60+01:00", NaN],
  ["9999-12-31T23:59:60Z", NaN],
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
    ["1522540831999999999", t + 999],
    ["1.522540831e9", t],
    ["2018-04-01 00:00:31 UTC", t],
    ["2018-04-01T05:30:31+0530", t],
    ["2018-03-31 24:00:00", t - 31_000],
    ["2016-12-31 23:59:60", Date.UTC(2017, 0, 1)],
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
    "2018-04-01T24:00:01",
    "2018-04-01T24:00:00.0005",
    "2018-04-01T24:01",
    "18-04-01",
    "04/01/18",
    "2018/04/01",
    "10:00:00",
    "2018-04-01 00:00:31 CET",
    "20180401",
    "201804010000",
    "20180401000031",
    "43191",
    "43191.5",
    "2018",
  ];
  cells.push(
    "2018-04-01T00:60:00",
    "2018-4-1",
    "01/04/2018",
    "2018-04-01T00:00:31+25:00",
    "NaN",
    "Infinity",
    "1e99",
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

Deno.test("FileTimes reads what Date.parse reads of a real day, in UTC where no zone is named", () => {
  const days = ["2018-04-01", "2020-02-29", "0000-01-01", "9999-12-30"];
  const times = ["", "00:00", "23:59:59", "24:00", "12:00:00.5", "12:00:00.123456"];
  for (const day of days) {
    for (const time of times) {
      for (const zone of time === "" ? [""] : ["", "Z", "z", "-02:00", "-0530"]) {
        const expected = Date.parse(`${day}T${time || "00:00"}${zone.toUpperCase() || "Z"}`);
        assertEquals(
          parseFileTime(`${day}${time === "" ? "" : ` ${time}`}${zone}`),
          expected,
          `${day} ${time}${zone}`,
        );
      }
    }
  }
});

Deno.test("FileTimes keeps the unit of the first epoch, and refuses another size", () => {
  const times = new FileTimes();
  assertEquals([times.read(1522540831), times.read("1525132800.5")], [1522540831000, 1525132800500]);
  assertEquals(times.read("1522540831000"), NaN);
  assertEquals(
    times.hint("1522540831000"),
    ", which has the size of milliseconds where the rows before have seconds",
  );
  assertEquals(times.summary(), "read as seconds: 2018-04-01 … 2018-05-01");
  // Within a column of seconds, a number that alone might be a date is one of them.
  assertEquals(times.read("20180401"), 20180401000);
});

Deno.test("FileTimes takes the unit that is given for every number", () => {
  const read = (unit: "s" | "ms" | "us" | "ns", cell: string) => new FileTimes(unit).read(cell);
  assertEquals([read("s", "43191"), read("ms", "20180401"), read("us", "5"), read("ns", "1999999")], [
    43191000,
    20180401,
    0,
    1,
  ]);
  const times = new FileTimes("s");
  assertEquals(times.read("1522540831000"), NaN);
  assertEquals(times.hint("1522540831000").includes("as seconds lies beyond the year 9999"), true);
});

Deno.test("FileTimes says how it read, and why it did not", () => {
  const times = new FileTimes();
  times.read("2018-04-01T00:00:31Z");
  assertEquals(times.summary(), undefined);
  times.read("2018-05-19 10:00:00");
  assertEquals(times.summary(), "read as UTC where no zone is named: 2018-04-01 … 2018-05-19");
  const problems: [unknown, string][] = [
    ["01/04/2018", "either way round: write the year first"],
    ["13.04.2018 10:00", "either way round"],
    ["04/01/18", "either way round"],
    ["20180401", "which may be a date without hyphens"],
    ["43191.5", "which may be a year or a spreadsheet's number of days"],
    ["2018-02-30", ""],
    [undefined, ""],
    [true, ""],
  ];
  for (const [cell, message] of problems) {
    assertEquals(times.read(cell), NaN);
    assertEquals(times.hint(cell).includes(message), true, times.hint(cell));
  }
});

Deno.test("FileTimes and parseTimestamp() read RFC 3339 alike", () => {
  const clocks = ["00:00:00", "23:59:59.999", "23:59:60", "15:59:60", "12:00:00.123456789", "12:60:00"];
  for (const day of ["2016-12-31", "2016-02-29", "2015-02-29", "1999-06-30", "2018-13-01"]) {
    for (const clock of clocks) {
      for (const zone of ["Z", "z", "+02:00", "-08:00", "+23:59", "+24:00"]) {
        const text = `${day}T${clock}${zone}`;
        assertEquals(parseFileTime(text), parseTimestamp(text), text);
      }
    }
  }
});

Deno.test("epochHint() names the unit that a record's number may have", () => {
  assertEquals([1522540831, 1522540831000, 1522540831000000, NaN, "x"].map(epochHint), [
    ", which has the size of seconds",
    "",
    ", which has the size of microseconds",
    "",
    "",
  ]);
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
