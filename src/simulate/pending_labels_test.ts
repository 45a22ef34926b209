import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { PendingLabels } from "./pending_labels.ts";
import { RandomStream } from "./random.ts";

Deno.test("PendingLabels gives labels back in order while it grows and wraps around", () => {
  const pending = new PendingLabels();
  const random = new RandomStream(1, 0);
  let [pushed, taken] = [0, 0];
  while (taken < 20_000) {
    for (let n = random.integer(3_000); n > 0; n--, pushed++) {
      pending.push(pushed, pushed % 7, pushed % 11, 10 * pushed, 4);
    }
    for (let n = random.integer(3_000); n > 0 && taken < pushed; n--, taken++) {
      assertEquals(pending.oldestMs, 10 * taken);
      assertEquals(pending.shift(), {
        index: taken,
        customer: taken % 7,
        terminal: taken % 11,
        timestampMs: 10 * taken,
        scenario: 4,
      });
    }
    assertEquals(pending.length, pushed - taken);
  }
});

Deno.test("PendingLabels holds at most twice 25 bytes a label, however many have passed through", () => {
  const pending = new PendingLabels();
  for (let i = 0; i < 50_000; i++) pending.push(i, i, i, i, 0);
  const { byteLength } = pending;
  assert(byteLength <= 2 * 25 * 50_000, `holds ${byteLength} bytes`);
  for (let i = 50_000; i < 500_000; i++) {
    pending.shift();
    pending.push(i, i, i, i, 0);
  }
  assertEquals(pending.byteLength, byteLength);
});

Deno.test("PendingLabels says so when it is empty", () => {
  const pending = new PendingLabels();
  assertEquals(pending.oldestMs, Infinity);
  assertThrows(() => pending.shift(), RangeError, "0 pending");
});
