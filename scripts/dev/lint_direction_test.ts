import { assertEquals } from "../../src/testing/assert.ts";
import { lintDirection, lintFile } from "./lint_direction.ts";

const cases: [name: string, path: string, text: string, problems: number][] = [
  ["a room to its right", "src/broker/a.ts", 'import type { Ledger } from "../ledger/ledger.ts";', 1],
  ["a room to its left", "src/relay/a.ts", 'import type { Ledger } from "../ledger/ledger.ts";', 0],
  ["another stage", "src/pipeline/score.ts", 'import { decide } from "./decide.ts";', 1],
  [
    "a type of another stage",
    "src/pipeline/score.ts",
    'import type { FeatureRows } from "./features.ts";',
    0,
  ],
  ["a part of the same stage", "src/decode/decode.ts", 'import { parseTimestamp } from "./timestamp.ts";', 0],
  ["a vendor outside of its adapter", "src/broker/sqlite/broker.ts", 'import { Kafka } from "kafkajs";', 1],
  ["an adapter", "src/relay/a.ts", 'import { openDirectory } from "../objects/directory.ts";', 1],
  ["an adapter, later", "src/verify/a.ts", 'await import("../ledger/sqlite.ts");', 1],
  [
    "a part of the same adapter",
    "src/ledger/postgres/ledger.ts",
    'import { commit } from "./postgres_writer.ts";',
    0,
  ],
  ["an import in a comment", "src/broker/a.ts", '/** import { a } from "../ledger/ledger.ts"; */', 0],
  ["the environment", "src/forest/a.ts", 'Deno.env.get("HOME");', 1],
  ["the environment in config.ts", "src/config.ts", 'Deno.env.get("HOME");', 0],
  ["a name that says nothing", "src/forest/utils.ts", "", 1],
  ["a file that is too long", "src/forest/a.ts", "\n".repeat(301), 1],
  ["scripts", "src/broker/a.ts", 'import { a } from "../../scripts/train.ts";', 1],
  ["code where types alone are allowed", "src/features/a.ts", 'import { load } from "../forest/load.ts";', 1],
  ["types marked one by one", "src/features/a.ts", 'import { type A, type B } from "../forest/load.ts";', 0],
  ["a type beside code", "src/features/a.ts", 'import { type A, load } from "../forest/load.ts";', 1],
  ["an import of several lines", "src/features/a.ts", 'import {\n  a,\n  b,\n} from "../forest/load.ts";', 1],
  ["an import that is handed on", "src/broker/a.ts", 'export * from "../ledger/ledger.ts";', 1],
  [
    "a noun that imports a room",
    "src/domain/label.ts",
    'import type { Ledger } from "./ledger/ledger.ts";',
    1,
  ],
  ["a noun that imports a noun", "src/domain/verdict.ts", 'import type { A } from "./transaction.ts";', 0],
  ["a room that nobody named", "src/extra/a.ts", 'import { a } from "../transaction.ts";', 1],
  ["one file of a room to its right", "src/forest/a.ts", 'import { a } from "../evaluate/metrics.ts";', 0],
  ["another file of that room", "src/forest/a.ts", 'import { a } from "../evaluate/table.ts";', 1],
  ["what is shared of assembly/", "src/forest/a.ts", 'import { A } from "../../assembly/layout.ts";', 0],
  ["the rest of assembly/", "src/forest/a.ts", 'import { A } from "../../assembly/index.ts";', 1],
  ["a package that nobody named", "src/forest/a.ts", 'import { a } from "lodash";', 1],
  ["a script's package in src/", "src/forest/a.ts", 'import { Command } from "commander";', 1],
  ["a part of a package in its place", "src/http/a.ts", 'import { a } from "hono/html";', 0],
  [
    "the code of tests in what is shipped",
    "src/relay/a.ts",
    'import { until } from "../testing/until.ts";',
    1,
  ],
  [
    "an adapter in a script",
    "scripts/a.ts",
    'import { open } from "../../src/ledger/postgres/ledger.ts";',
    1,
  ],
  [
    "an adapter in a measurement",
    "scripts/bench/a.ts",
    'import { open } from "../../src/ledger/postgres.ts";',
    0,
  ],
  ["a part of an adapter in a folder", "src/relay/a.ts", 'import { a } from "../broker/kafka/claim.ts";', 1],
  [
    "what clients of one server share",
    "src/broker/platformatic/a.ts",
    'import { a } from "../kafka/claim.ts";',
    0,
  ],
  [
    "a part of another client",
    "src/broker/platformatic/a.ts",
    'import { a } from "../kafkajs/member.ts";',
    1,
  ],
  ["a client in what clients share", "src/broker/kafka/a.ts", 'import { a } from "../kafkajs/member.ts";', 1],
  ["the environment in a script", "scripts/a.ts", 'Deno.env.get("HOME");', 1],
  ["the environment by Node's name", "src/forest/a.ts", "process.env.HOME;", 1],
  [
    "the environment after a pattern of paths",
    "src/forest/a.ts",
    'f("src/**/*.ts"); Deno.env.get("A"); /* */',
    1,
  ],
  ["the environment in a string", "src/forest/a.ts", 'say("Deno.env");', 0],
  ["an import in a template", "src/broker/a.ts", '`\nimport { a } from "../ledger/ledger.ts";\n`;', 0],
  ["a clock in a stage", "src/pipeline/score.ts", "Date.now();", 1],
  ["a clock in the consumer", "src/consumer/a.ts", "Date.now();", 0],
  ["an exported name that says nothing", "src/forest/a.ts", "export function forestUtils() {}", 1],
  ["an exported name that says something", "src/forest/a.ts", "export const metadata = 1;", 0],
];

for (const [name, path, text, problems] of cases) {
  Deno.test(`lintFile() finds ${problems} problem${problems === 1 ? "" : "s"} in ${name}`, () => {
    assertEquals(lintFile(path, text).length, problems, lintFile(path, text).join("\n"));
  });
}

Deno.test("lintDirection() finds nothing in this project", async () => {
  assertEquals(await lintDirection(new URL("../../", import.meta.url)), []);
});
