// Numbers of at most 15 digits, which float64 holds exactly.
const MOST_DIGITS: usize = 15;
/** From here on the minor units of some currency may not be exact, which the host finds out. */
const AMOUNT_LIMIT: f64 = 1e10;
/** 10^0 to 10^15. */
const POWERS_OF_TEN: usize = memory.data<f64>([1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]);

/** The whole number that afterWhole() read last. */
export let whole: u64 = 0;

/** The address after a whole number of at most 15 digits without leading zeros, or 0. */
export function afterWhole(at: usize): usize {
  const start = at;
  let value: u64 = 0;
  for (let digit: u32 = <u32>load<u8>(at) - 0x30; digit < 10; digit = <u32>load<u8>(at) - 0x30) {
    if (at - start == MOST_DIGITS) return 0;
    value = value * 10 + digit;
    at++;
  }
  if (at == start || (at - start > 1 && load<u8>(start) == 0x30)) return 0;
  whole = value;
  return at;
}

/**
 * The address after a number in decimal notation, which is stored at `to`, or 0.
 *
 * Digits and power of ten are both exact in float64, so their quotient is what any correct reader makes of the text
 * (Clinger 1990, "How to read floating point numbers accurately").
 */
export function afterDecimal(at: usize, to: usize): usize {
  const isNegative = load<u8>(at) == 0x2d;
  if (isNegative) at++;
  const start = at;
  at = afterWhole(at);
  if (at == 0) return 0;
  let value = whole;
  let places: usize = 0;
  if (load<u8>(at) == 0x2e) {
    const most = MOST_DIGITS - (at - start);
    at++;
    for (let digit: u32 = <u32>load<u8>(at) - 0x30; digit < 10; digit = <u32>load<u8>(at) - 0x30) {
      if (places == most) return 0;
      value = value * 10 + digit;
      places++;
      at++;
    }
    if (places == 0) return 0;
  }
  const number = <f64>value / load<f64>(POWERS_OF_TEN + (places << 3));
  store<f64>(to, isNegative ? -number : number);
  return at;
}

/** As afterDecimal(), of an amount above 0. */
export function afterAmount(at: usize, to: usize): usize {
  const after = afterDecimal(at, to);
  const amount = load<f64>(to);
  return amount > 0 && amount < AMOUNT_LIMIT ? after : 0;
}
