import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { RandomStream } from "../random.ts";
import { TimestampText } from "./timestamp_text.ts";

Deno.test("TimestampText writes what Date.toISOString writes, in any order", () => {
  const text = new TimestampText();
  const random = new RandomStream(1, 0);
  const edges = [0, -1, 86_399_999, 86_400_000, 951_782_400_000, 253_402_300_799_999, -62_167_219_200_000];
  const spread = Array.from({ length: 5_000 }, () => Math.floor((random.uniform() - 0.2) * 4e12));
  for (const ms of [...edges, ...spread]) assertEquals(text.write(ms), new Date(ms).toISOString());
});

Deno.test("TimestampText refuses years of five digits", () => {
  const text = new TimestampText();
  assertThrows(() => text.write(253_402_300_800_000), RangeError, "current value is 253402300800000 ms");
  assertThrows(() => text.write(9e15), RangeError, "year");
  assertThrows(() => text.write(NaN), RangeError, "year");
});
