import { assertEquals } from "../testing/assert.ts";
import { parseTimestamp } from "./parse_timestamp.ts";

Deno.test("parseTimestamp() reads calendar times and epochs of every unit", () => {
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
  for (const [cell, ms] of cases) assertEquals(parseTimestamp(cell), ms, cell);
});

Deno.test("parseTimestamp() gives null for what is no time", () => {
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
  for (const cell of cells) assertEquals(parseTimestamp(cell), null, cell);
});

Deno.test("parseTimestamp() reads plain times as the calendar does, whatever came before", () => {
  const zoned = (text: string) => parseTimestamp(`${text.replace(/Z$/, "")}+00:00`);
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
        assertEquals(parseTimestamp(text), zoned(text), text);
      }
    }
  }
});
