// Codes: currency, country, merchant category, channel and truth.
import { afterWhole } from "./number";

const QUOTE: u32 = 0x22;

/** Whether null stands at `at`, which is as good as an absent code. */
// @ts-ignore: decorator
@inline
export function isNull(at: usize): bool {
  return load<u32>(at) == 0x6c6c756e;
}

/** The address after a text of `count` capital letters, or 0. */
// @ts-ignore: decorator
@inline
export function afterLetters(at: usize, count: usize): usize {
  return afterBytes(at, count, 0x41, 26);
}

/** The address after a text of `count` bytes of the `range` that starts with `least`, or 0. */
// @ts-ignore: decorator
@inline
function afterBytes(at: usize, count: usize, least: u32, range: u32): usize {
  if (load<u8>(at) != QUOTE) return 0;
  for (let i: usize = 1; i <= count; i++) if (<u32>load<u8>(at + i) - least >= range) return 0;
  return load<u8>(at + count + 1) == QUOTE ? at + count + 2 : 0;
}

/** The address after a merchant category: a text of four digits, or a number of at most four; or 0. */
export function afterCategory(at: usize): usize {
  if (load<u8>(at) == QUOTE) return afterBytes(at, 4, 0x30, 10);
  const after = afterWhole(at);
  return after - at <= 4 ? after : 0;
}

/** The address after "pos", "atm" or "online", or 0. */
export function afterChannel(at: usize): usize {
  const text = load<u64>(at);
  // Little-endian, quotes included: 5 bytes of the short ones, 8 of the long one.
  const short = text & 0xff_ffff_ffff;
  if (short == 0x22_736f_7022 || short == 0x22_6d74_6122) return at + 5;
  return text == 0x22_656e_696c_6e6f_22 ? at + 8 : 0;
}

/** The address after true, false, 1 or 0, which is stored at `to` as 1 or 0; or 0 for anything else. */
export function afterTruth(at: usize, to: usize): usize {
  const text = load<u32>(at);
  const byte = text & 0xff;
  if (text == 0x65757274) {
    store<u8>(to, 1);
    return at + 4;
  }
  if (byte == 0x66) {
    store<u8>(to, 0);
    return load<u32>(at, 1) == 0x65736c61 ? at + 5 : 0;
  }
  store<u8>(to, <u8>(byte & 1));
  return (byte | 1) == 0x31 ? at + 1 : 0;
}
