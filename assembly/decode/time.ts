// Event times: RFC 3339, or epoch milliseconds.
import { afterWhole, whole } from "./number";

/** The range that `src/domain/time.ts` accepts, in milliseconds. */
const LEAST_MS: i64 = 100_000_000_000;
const MOST_MS: i64 = 253_402_300_799_999;
/** Longest text of a time. */
const MOST_TEXT: usize = 64;
/** What twoDigits() gives for anything else; no field of a time is as large. */
const NONE: u32 = 1000;

// @ts-ignore: decorator
@inline
function twoDigits(at: usize): u32 {
  const tens: u32 = <u32>load<u8>(at) - 0x30;
  const ones: u32 = <u32>load<u8>(at, 1) - 0x30;
  return tens > 9 || ones > 9 ? NONE : tens * 10 + ones;
}

/** Days of a month, 0 for one that is none. */
// @ts-ignore: decorator
@inline
function daysIn(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  // 30 days in April, June, September and November.
  return month - 1 > 11 ? 0 : 31 - ((0xa50 >>> month) & 1);
}

/** Days from 1970-01-01 to a day of the Gregorian calendar: the year is counted from March, so that February is last. */
// @ts-ignore: decorator
@inline
function daysSince1970(year: u32, month: u32, day: u32): i32 {
  if (month < 3) {
    year--;
    month += 12;
  }
  // 306 days from March to the year's end, 719,468 from 0000-03-01 to 1970-01-01.
  return <i32>(365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1) - 719468;
}

/** The address after a time, which is stored at `to` as milliseconds since 1970, or 0. */
export function afterTimestamp(at: usize, to: usize): usize {
  let ms: i64 = 0;
  if (load<u8>(at) != 0x22) {
    at = afterWhole(at);
    if (at == 0) return 0;
    ms = <i64>whole;
  } else {
    const start = at + 1;
    const century = twoDigits(start);
    const ofCentury = twoDigits(start + 2);
    const month = twoDigits(start + 5);
    const day = twoDigits(start + 8);
    const hour = twoDigits(start + 11);
    const minute = twoDigits(start + 14);
    const second = twoDigits(start + 17);
    if (
      load<u8>(start, 4) != 0x2d || load<u8>(start, 7) != 0x2d || (load<u8>(start, 10) | 0x20) != 0x74 ||
      load<u8>(start, 13) != 0x3a || load<u8>(start, 16) != 0x3a
    ) return 0;
    // The year 0 has no days before it to count from; times before 1973 are left anyway.
    if (century == 0 || century > 99 || ofCentury > 99 || hour > 23 || minute > 59 || second > 59) return 0;
    const year = century * 100 + ofCentury;
    if (day == 0 || day > daysIn(year, month)) return 0;
    ms = (<i64>daysSince1970(year, month, day) * 1440 + <i64>(hour * 60 + minute)) * 60_000 + <i64>second * 1000;
    at = start + 19;
    if (load<u8>(at) == 0x2e) {
      const fraction = ++at;
      let unit: i64 = 100;
      for (let digit: u32 = <u32>load<u8>(at) - 0x30; digit < 10; digit = <u32>load<u8>(at) - 0x30) {
        if (at - start == MOST_TEXT) return 0;
        ms += <i64>digit * unit;
        unit /= 10;
        at++;
      }
      if (at == fraction) return 0;
    }
    const zone: u32 = load<u8>(at);
    if ((zone | 0x20) == 0x7a) at++;
    else {
      const hours = twoDigits(at + 1);
      const minutes = twoDigits(at + 4);
      if ((zone != 0x2b && zone != 0x2d) || hours > 23 || load<u8>(at, 3) != 0x3a || minutes > 59) return 0;
      const offset = <i64>(hours * 60 + minutes) * 60_000;
      ms += zone == 0x2d ? offset : -offset;
      at += 6;
    }
    if (load<u8>(at) != 0x22 || at - start > MOST_TEXT) return 0;
    at++;
  }
  if (ms < LEAST_MS || ms > MOST_MS) return 0;
  store<f64>(to, <f64>ms);
  return at;
}
