import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { definitionJsonSchema } from "./definition.ts";
import { DefinitionError, readDefinition } from "./read.ts";

const problemsOf = (yaml: string) =>
  assertThrows(() => readDefinition(yaml, "d.yaml"), DefinitionError).problems;

Deno.test("readDefinition() names every problem at once, with line and column", () => {
  const yaml = `version: 1
fields:
  customer_id: a..b
  amount: { path: sum, unit: cents }
  timestamp: { path: at, unit: local, zone: Mars/Base }
negativ: pass
where:
  - path: type
`;
  assertEquals(problemsOf(yaml).map((problem) => problem.split(" ").slice(0, 2).join(" ")).sort(), [
    "3:16 fields.customer_id:",
    "4:30 fields.amount.unit:",
    "5:45 fields.timestamp.zone:",
    "6:10 negativ:",
    "8:5 where.0:",
  ]);
});

Deno.test("readDefinition() refuses broken YAML, and keys that stand twice", () => {
  assertEquals(problemsOf("version: 1\nversion: 1\n"), ["2:1 Map keys must be unique"]);
  assertEquals(problemsOf("fields: [\n").length > 0, true);
  assertEquals(problemsOf("").length > 0, true);
});

Deno.test("definitionJsonSchema() is a schema of all that may be written", () => {
  const { properties } = definitionJsonSchema() as { properties: Record<string, unknown> };
  assertEquals(Object.keys(properties), [
    "version",
    "format",
    "tombstones",
    "unwrap",
    "where",
    "fields",
    "negative",
    "zero",
    "keep",
  ]);
});
