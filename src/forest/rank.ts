const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/**
 * Greatest float32 that is not above a float64, so that `x <= value` equals `x <= roundDown(value)` for float32 `x`.
 *
 * @param value Any number but NaN.
 * @returns A float32 value; −infinity below the range of float32, its greatest finite value above it.
 */
export function roundDown(value: number): number {
  float[0] = value;
  if (float[0] <= value) return float[0];
  // One step down: the bits of floats of one sign are in the order of their magnitude.
  if (float[0] > 0) bits[0]--;
  else if (float[0] < 0) bits[0]++;
  else bits[0] = -0x7fffffff; // the negative number next to 0
  return float[0];
}
