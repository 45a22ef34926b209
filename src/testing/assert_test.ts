import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "./assert.ts";

Deno.test("assertEquals() fails on a difference", () => {
  assertEquals({ a: [1, 2] }, { a: [1, 2] });
  assertThrows(() => assertEquals({ a: 1 }, { a: 2 }));
});

Deno.test("assertAlmostEquals() keeps to the tolerance", () => {
  assertAlmostEquals(1, 1 + 1e-13, 1e-12);
  assertThrows(() => assertAlmostEquals(1, 1.1, 1e-12));
});

Deno.test("assertThrows() and assertRejects() return the error and fail without one", async () => {
  const error = assertThrows(() => JSON.parse("{"), SyntaxError);
  assert(error instanceof SyntaxError);
  assertThrows(() => assertThrows(() => 1));
  await assertRejects(() => Promise.reject(new TypeError("no port")), TypeError, "port");
  await assertRejects(() => assertRejects(() => Promise.resolve(1)));
});
