import { assertEquals, assertStringIncludes, assertThrows } from "../../../src/testing/assert.ts";
import { withRooms } from "./rooms_table.ts";
import { fieldTable, prose, table } from "./table.ts";

Deno.test("table() escapes bars", () => {
  assertEquals(table(["a", "b"], [["x|y", ""]]), "| a | b |\n| --- | --- |\n| x\\|y |  |");
});

Deno.test("prose() has lines of 100 columns at most, and all words", () => {
  const text = "some words — ".repeat(40).trim();
  const lines = prose(text).split("\n");
  assertEquals(lines.every((line) => [...line].length <= 100), true);
  assertEquals(lines.length > 4 && lines.join(" "), text);
});

Deno.test("fieldTable() names types, bounds and inner fields, and refuses the meaning of a field that is gone", () => {
  const schema = {
    required: ["score"],
    properties: {
      score: { type: "number", exclusiveMinimum: 0, maximum: 1 },
      list: {
        type: "array",
        items: { type: "object", properties: { name: { type: "string", description: "own" } } },
      },
      kind: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] },
    },
  };
  const lines = fieldTable(schema, { score: "given", "list[].name": "not shown" }).split("\n").slice(2);
  assertEquals(lines, [
    "| `score` | number, > 0 ≤ 1 | yes | given |",
    "| `list[]` | array of objects |  |  |",
    "| `list[].name` | string |  | own |",
    "| `kind` | `a`, `b` or null |  |  |",
  ]);
  assertThrows(() => fieldTable(schema, { gone: "x" }), Error, "there is no field gone");
});

Deno.test("withRooms() writes between its markers, again and again the same, and refuses a page without them", () => {
  const once = withRooms("before\n<!-- rooms -->\nSTALE\n<!-- /rooms -->\nafter");
  assertStringIncludes(once, "| `src/domain/` |");
  assertEquals([once.startsWith("before\n"), once.endsWith("\nafter"), once.includes("STALE")], [
    true,
    true,
    false,
  ]);
  assertEquals(withRooms(once), once);
  assertThrows(() => withRooms("no markers"), Error, "<!-- rooms -->");
});
