import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { parsePath, valueAt } from "./path.ts";

for (
  const [text, steps] of [
    ["a", ["a"]],
    ["a.b[0].c", ["a", "b", 0, "c"]],
    ['a["b.c"]', ["a", "b.c"]],
    ['["x y"].z', ["x y", "z"]],
    ["$.a", ["a"]],
    ["$", []],
    ["[2].a", [2, "a"]],
  ] as const
) {
  Deno.test(`parsePath() reads ${text}`, () => assertEquals([...parsePath(text).steps], [...steps]));
}

for (const text of ["", ".a", "a.", "a..b", "a[b]", "a[0", "a]b", 'a["b', "ab[-1]"]) {
  Deno.test(`parsePath() refuses "${text}"`, () => {
    assertThrows(() => parsePath(text), SyntaxError);
  });
}

Deno.test("valueAt() finds own fields and elements only", () => {
  const value = { a: [{ b: 1 }], length: 3 };
  assertEquals(valueAt(value, parsePath("a[0].b")), 1);
  for (const text of ["a.b", "a.length", "a[1].b", "constructor", "a[0].b.c", "toString.name"]) {
    assertEquals(valueAt(value, parsePath(text)), undefined);
  }
});
