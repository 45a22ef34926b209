/** A copy of an array with room for `length` elements, zero behind those that were there. */
export function grown<T extends Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array>(
  array: T,
  length: number,
): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
