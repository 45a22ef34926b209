/**
 * Keys of objects, as S3 has them.
 *
 * @module
 */

/** Throws RangeError for a key that no server takes: 1 to 1024 bytes of UTF-8, not beginning with a slash. */
export function checkKey(key: string) {
  if (key === "" || key.startsWith("/") || new TextEncoder().encode(key).length > 1024) {
    throw new RangeError(
      `Cannot use an object key as it must have 1 to 1024 bytes and not begin with a slash: current value is "${key}"`,
    );
  }
}

/** The media type of an object, by the end of its key. */
export function contentTypeOf(key: string): string {
  if (key.endsWith(".ndjson")) return "application/x-ndjson";
  return key.endsWith(".parquet") ? "application/vnd.apache.parquet" : "application/octet-stream";
}

/**
 * Compares keys by their UTF-8 bytes, which is by code points, for `sort`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { compareKeys } from "./key.ts";
 *
 * assertEquals(["😀", "～", "b", "a/1", "a"].sort(compareKeys), ["a", "a/1", "b", "～", "😀"]);
 * ```
 */
export function compareKeys(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points beyond all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
