/**
 * Replaces U+0000, which PostgreSQL's text cannot hold, by its visible picture U+2400.
 *
 * A transaction's ids and a verdict never hold one (the decoder refuses it, JSON escapes it), but the detail of a dead
 * letter may, and one bad record must not keep a batch from being committed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { withoutNul } from "./text.ts";
 *
 * assertEquals(withoutNul("a\u0000b"), "a␀b");
 * ```
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
}
