// JSON as RFC 8259 has it: white space, strings in UTF-8, values of fields that nobody asks for.
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const DELETE: u32 = 0x7f;

/** The address of the first byte from `at` on, and before `end`, that is no white space; `at` where it is past `end`. */
// @ts-ignore: decorator
@inline
export function afterSpace(at: usize, end: usize): usize {
  return load<u8>(at) > 0x20 ? at : afterSpaces(at, end);
}

function afterSpaces(at: usize, end: usize): usize {
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) break;
    at++;
  }
  return at;
}

/** The first byte from `at` on that is a quote, a backslash, a control character or not ASCII; past `end` if there is none before. */
// @ts-ignore: decorator
@inline
function afterPlainText(at: usize, end: usize): usize {
  while (at < end) {
    const bytes = v128.load(at);
    // Bytes of more than ASCII are below 0, too.
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_s(bytes, i8x16.splat(0x20)),
      ),
    );
    if (special != 0) return at + <usize>ctz(special);
    at += 16;
  }
  return at;
}

/**
 * The address after the closing quote of the text whose first byte is at `at`, or 0 where it is no valid JSON text before
 * `end`, has an escape and `escapes` is false.
 */
export function afterTextValue(at: usize, end: usize, escapes: bool): usize {
  at = afterPlainText(at, end);
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) return at + 1;
    if (byte == BACKSLASH) {
      if (!escapes) return 0;
      at = afterEscape(at + 1);
    } else if (byte < 0x20) return 0;
    else at = byte < 0x80 ? at + 1 : afterCharacter(at, byte);
    if (at == 0) return 0;
  }
  return 0;
}

/** Whether a byte of the text is DEL, which ids must not have. */
export function hasDelete(start: usize, end: usize): bool {
  while (start + 16 <= end) {
    if (v128.any_true(i8x16.eq(v128.load(start), i8x16.splat(<i8>DELETE)))) return true;
    start += 16;
  }
  const rest = (<u32>1 << <u32>(end - start)) - 1;
  return (<u32>i8x16.bitmask(i8x16.eq(v128.load(start), i8x16.splat(<i8>DELETE))) & rest) != 0;
}

/** The address after an escape whose letter is at `at`, or 0. */
function afterEscape(at: usize): usize {
  switch (load<u8>(at)) {
    case 0x22: case 0x5c: case 0x2f: case 0x62: case 0x66: case 0x6e: case 0x72: case 0x74: return at + 1;
    case 0x75:
      for (let i: usize = 1; i <= 4; i++) {
        const byte: u32 = load<u8>(at + i);
        if (byte - 0x30 > 9 && (byte | 0x20) - 0x61 > 5) return 0;
      }
      return at + 5;
    default: return 0;
  }
}

/** The address after a character of two to four bytes (Unicode 15, table 3-7), or 0 where it is not well-formed. */
function afterCharacter(at: usize, lead: u32): usize {
  let least: u32 = 0x80;
  let most: u32 = 0xbf;
  let length: usize = 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead >= 0xe0) {
    length = lead < 0xf0 ? 3 : 4;
    if (lead == 0xe0) least = 0xa0;
    else if (lead == 0xed) most = 0x9f;
    else if (lead == 0xf0) least = 0x90;
    else if (lead == 0xf4) most = 0x8f;
  }
  const second: u32 = load<u8>(at, 1);
  if (second < least || second > most) return 0;
  for (let i: usize = 2; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  return at + length;
}

/** The address after a text, number, true, false or null, or 0 for anything else, such as an object or an array. */
export function afterUnknownValue(at: usize, end: usize): usize {
  const byte: u32 = load<u8>(at);
  if (byte == QUOTE) return afterTextValue(at + 1, end, true);
  if (byte == 0x6e) return load<u32>(at) == 0x6c6c756e ? at + 4 : 0;
  if (byte == 0x74) return load<u32>(at) == 0x65757274 ? at + 4 : 0;
  if (byte == 0x66) return load<u32>(at, 1) == 0x65736c61 ? at + 5 : 0;
  return afterNumber(at, end);
}

function afterNumber(at: usize, end: usize): usize {
  if (load<u8>(at) == 0x2d) at++;
  if (load<u8>(at) == 0x30) at++;
  else {
    const whole = afterDigits(at, end);
    if (whole == at) return 0;
    at = whole;
  }
  if (load<u8>(at) == 0x2e) {
    const fraction = afterDigits(at + 1, end);
    if (fraction == at + 1) return 0;
    at = fraction;
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    at++;
    const sign: u32 = load<u8>(at);
    if (sign == 0x2b || sign == 0x2d) at++;
    const exponent = afterDigits(at, end);
    if (exponent == at) return 0;
    at = exponent;
  }
  return at;
}

export function afterDigits(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) - 0x30 < 10) at++;
  return at;
}
