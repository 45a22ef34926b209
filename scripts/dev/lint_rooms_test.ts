import { assertEquals } from "../../src/testing/assert.ts";
import { type Edge, lintEdges, lintPaths, lintRooms } from "./lint_rooms.ts";

const edge = (from: string, to: string, isType = false): Edge => ({ from, to, isType });

const CASES: [what: string, problems: number, edges: Edge[]][] = [
  ["a file of the same room", 0, [edge("src/ledger/a.ts", "src/ledger/b.ts")]],
  ["a noun", 0, [edge("src/broker/a.ts", "src/domain/label.ts")]],
  ["a noun that imports a room", 1, [edge("src/domain/a.ts", "src/broker/broker.ts")]],
  ["a room that is not named", 1, [edge("src/broker/a.ts", "src/ledger/ledger.ts")]],
  ["a type where types may be imported", 0, [edge("src/relay/a.ts", "src/alerts/alerts.ts", true)]],
  ["a value where only types may be imported", 1, [edge("src/relay/a.ts", "src/alerts/alerts.ts")]],
  ["an adapter that its descriptor list opens", 0, [edge("src/adapters.ts", "src/ledger/sqlite/ledger.ts")]],
  ["an adapter in another room", 1, [edge("src/consumer/a.ts", "src/ledger/sqlite/ledger.ts")]],
  ["an adapter in another adapter", 1, [edge("src/ledger/postgres/a.ts", "src/ledger/sqlite/b.ts")]],
  ["scripts in src", 1, [edge("src/http/a.ts", "scripts/cli/b.ts")]],
  ["scripts in a test of src", 1, [edge("src/http/a_test.ts", "scripts/cli/b.ts")]],
  ["anything of src in a test", 0, [edge("src/ledger/a_test.ts", "src/http/app.ts")]],
  ["what is for tests in a room", 1, [edge("src/ledger/a.ts", "src/testing/until.ts")]],
  ["a suite of another room in a test", 0, [edge("src/ledger/sqlite/a_test.ts", "src/ledger/testing/b.ts")]],
  ["a file in no room", 1, [edge("src/nowhere/a.ts", "src/domain/label.ts")]],
  ["what is shared of assembly", 0, [edge("src/decode/a.ts", "assembly/layout.ts")]],
  ["what is not shared of assembly", 1, [edge("src/decode/a.ts", "assembly/index.ts")]],
  ["a package in its adapter", 0, [edge("src/ledger/postgres/a.ts", "pg")]],
  ["a package elsewhere", 1, [edge("src/consumer/a.ts", "pg")]],
  ["a part of a package elsewhere", 1, [edge("src/consumer/a.ts", "minio/signing")]],
  ["a package that nobody names", 1, [edge("src/consumer/a.ts", "left-pad")]],
  ["a module of the runtime", 0, [edge("src/consumer/a.ts", "node:path")]],
];

for (const [what, problems, edges] of CASES) {
  Deno.test(`lintEdges() finds ${problems === 0 ? "nothing" : "a problem"} in ${what}`, () => {
    const found = lintEdges(edges);
    assertEquals(found.length, problems, found.join("\n"));
  });
}

Deno.test("lintEdges() names two folders that import each other's values, and lets types pass", () => {
  const there = edge("src/http/a.ts", "src/page/b.ts");
  assertEquals(lintEdges([there, edge("src/page/b.ts", "src/http/c.ts", true)]), []);
  const found = lintEdges([there, edge("src/page/b.ts", "src/http/c.ts")]);
  assertEquals(found.filter((each) => each.includes("each other's values")).length, 2);
});

Deno.test("lintPaths() names folders of too many files, tests apart, and empty names", () => {
  const many = Array.from({ length: 16 }, (_, index) => `src/a/f${index}.ts`);
  assertEquals(lintPaths(many), ["src/a has 16 files of its own, more than 15"]);
  assertEquals(lintPaths([...many.slice(1), "src/a/x_test.ts", "src/a/testing/y.ts"]), []);
  assertEquals(lintPaths(["src/a/row_utils.ts"]), ["src/a/row_utils.ts has a name that says nothing"]);
});

Deno.test("lintRooms() finds nothing in this project", async () => {
  assertEquals(await lintRooms(new URL("../../", import.meta.url)), []);
});
