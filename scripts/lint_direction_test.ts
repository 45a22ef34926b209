import { assertEquals } from "../src/testing/assert.ts";
import { lintDirection, lintFile } from "./lint_direction.ts";

const cases: [name: string, path: string, text: string, problems: number][] = [
  ["a room to its right", "broker/a.ts", 'import type { Ledger } from "../ledger/ledger.ts";', 1],
  ["a room to its left", "relay/a.ts", 'import type { Ledger } from "../ledger/ledger.ts";', 0],
  ["another stage", "stages/score.ts", 'import { decide } from "./decide.ts";', 1],
  ["a type of another stage", "stages/score.ts", 'import type { FeatureRows } from "./features.ts";', 0],
  ["a part of the same stage", "stages/decode.ts", 'import { parseTimestamp } from "./timestamp.ts";', 0],
  ["a vendor outside of its adapter", "broker/sqlite.ts", 'import { Kafka } from "kafkajs";', 1],
  ["an adapter", "relay/a.ts", 'import { openDirectory } from "../objects/directory.ts";', 1],
  ["an adapter, later", "verify/a.ts", 'await import("../ledger/sqlite.ts");', 1],
  ["a part of the same adapter", "ledger/postgres.ts", 'import { commit } from "./postgres_writer.ts";', 0],
  ["an import in a comment", "broker/a.ts", '/** import { a } from "../ledger/ledger.ts"; */', 0],
  ["the environment", "forest/a.ts", 'Deno.env.get("HOME");', 1],
  ["the environment in config.ts", "config.ts", 'Deno.env.get("HOME");', 0],
  ["a name that says nothing", "forest/utils.ts", "", 1],
  ["a file that is too long", "forest/a.ts", "\n".repeat(301), 1],
  ["scripts", "broker/a.ts", 'import { a } from "../../scripts/train.ts";', 1],
];

for (const [name, path, text, problems] of cases) {
  Deno.test(`lintFile() finds ${problems} problem${problems === 1 ? "" : "s"} in ${name}`, () => {
    assertEquals(lintFile(path, text).length, problems, lintFile(path, text).join("\n"));
  });
}

Deno.test("lintDirection() finds nothing in this project", async () => {
  assertEquals(await lintDirection(new URL("../", import.meta.url)), []);
});
