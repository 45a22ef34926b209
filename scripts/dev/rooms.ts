/** The house: each room of the project, what it holds, and what it may import. The lint and ARCHITECTURE follow from it. */

/** One room: a folder with all below it that is no room of its own, or a single file. */
export interface Room {
  /** What is inside, for the reader of ARCHITECTURE. */
  holds: string;
  /** Rooms whose values it may import; `src` stands for all of them. A room may always import itself. */
  may: readonly string[];
  /** Rooms whose types it may import besides. */
  types?: readonly string[];
  /** The only rooms outside of tests that may import it; left out: any that names it. */
  onlyFor?: readonly string[];
  /** Whether its results follow from its arguments: no clock, no chance, no environment, no input or output. */
  isPure?: boolean;
}

const NOUNS = ["src/domain", "src/runtime"];
const ADAPTER = { onlyFor: ["src/adapters.ts", "scripts/bench", "scripts/dev", "scripts/harness"] };

/** Rooms by path, in the order in which a transaction meets them: values come from rooms further up. */
export const ROOMS: Readonly<Record<string, Room>> = {
  "assembly": { holds: "the WASM module in AssemblyScript; `layout.ts` is shared with `src`", may: [] },
  "src/domain": {
    holds: "the nouns: transaction, label, verdict, currency, id hash",
    may: [],
  },
  "src/runtime": {
    holds: "mechanism that knows no fraud: retry, semaphore, thread, SQLite, array pool, telemetry, hash",
    may: ["src/domain"],
  },
  "src/config.ts": { holds: "settings: flags, environment, defaults", may: ["src/adapters.ts"] },
  "src/broker": { holds: "port to the stream, columnar record batches", may: NOUNS },
  "src/broker/sqlite": { holds: "the embedded stream", may: [...NOUNS, "src/broker"], ...ADAPTER },
  "src/broker/kafka": {
    holds: "Kafka: wire format and fetching, under kafkajs or @platformatic/kafka",
    may: [...NOUNS, "src/broker"],
    ...ADAPTER,
  },
  "src/decode": {
    holds:
      "bytes to columns: JSON, labels, the WASM decoder's host; `definition/` and `formats/` of foreign records",
    may: ["assembly/layout.ts", ...NOUNS, "src/broker"],
    isPure: true,
  },
  "src/features": {
    holds: "registry, transforms, stage; `state/` per customer and terminal",
    may: NOUNS,
    types: ["src/forest"],
    isPure: true,
  },
  "src/forest": {
    holds: "forest and model: files, checks, reasons, scikit-learn; `scorer/`",
    may: ["assembly/layout.ts", ...NOUNS],
    types: ["src/training"],
  },
  "src/ledger": {
    holds: "port to offsets, log, flagged rows, labels; `sql/` is what both share",
    may: NOUNS,
  },
  "src/ledger/sqlite": { holds: "the embedded ledger", may: [...NOUNS, "src/ledger"], ...ADAPTER },
  "src/ledger/postgres": { holds: "the ledger in PostgreSQL", may: [...NOUNS, "src/ledger"], ...ADAPTER },
  "src/objects": {
    holds: "port to object stores, keys, NDJSON and Parquet both ways",
    may: NOUNS,
    types: ["src/ledger"],
  },
  "src/objects/directory": { holds: "objects in a folder", may: [...NOUNS, "src/objects"], ...ADAPTER },
  "src/objects/s3": { holds: "objects in MinIO or another S3", may: [...NOUNS, "src/objects"], ...ADAPTER },
  "src/alerts": {
    holds: "port to alert channels; console, topic, `webhook/`",
    may: NOUNS,
    types: ["src/broker"],
  },
  "src/registry": {
    holds: "schema registries with Confluent's API",
    may: [...NOUNS],
    types: ["src/decode"],
  },
  "src/stream_definition.ts": {
    holds: "a stream definition on disk, opened with its schema or registry",
    may: [...NOUNS, "src/decode", "src/registry"],
  },
  "src/adapters.ts": {
    holds: "one descriptor for each engine and alert channel",
    may: [...NOUNS, "src/broker", "src/ledger", "src/objects", "src/alerts", "src/relay"],
  },
  "src/pipeline": {
    holds: "the way of a batch, once: judge, decide, outcome, log rows",
    may: [...NOUNS, "src/broker", "src/decode", "src/features", "src/forest"],
    types: ["src/ledger"],
  },
  "src/relay": {
    holds: "from the ledger to dead letters, objects, alerts and the label topic",
    may: [...NOUNS, "src/ledger", "src/objects"],
    types: ["src/alerts", "src/broker"],
  },
  "src/consumer": {
    holds: "ownership of partitions, replay, labels in step, the running consumer",
    may: [...NOUNS, "src/broker", "src/decode", "src/features", "src/ledger", "src/pipeline", "src/relay"],
    types: ["src/alerts", "src/forest", "src/objects"],
  },
  "src/training": {
    holds: "grow, stream, threshold, held-out days, ranking metrics; `rows/`",
    may: [
      ...NOUNS,
      "src/broker",
      "src/decode",
      "src/features",
      "src/forest",
      "src/pipeline",
      "src/consumer",
    ],
    types: ["src/ledger", "src/simulate", "src/table"],
  },
  "src/simulate": {
    holds: "seeded transactions with fraud, replay of files, producing",
    may: [...NOUNS, "src/broker", "src/table"],
  },
  "src/table": { holds: "CSV and NDJSON files as columns", may: NOUNS, types: ["src/forest"] },
  "src/evaluate": {
    holds: "protocols on labelled tables, reports",
    may: [
      ...NOUNS,
      "src/broker",
      "src/decode",
      "src/features",
      "src/forest",
      "src/pipeline",
      "src/training",
      "src/simulate",
      "src/table",
      "src/ledger",
    ],
    types: ["src/consumer"],
  },
  "src/verify": {
    holds: "the proof that nothing was lost or doubled",
    may: [...NOUNS, "src/alerts", "src/broker", "src/decode", "src/ledger", "src/objects", "src/relay"],
  },
  "src/http": {
    holds: "the service: app, `access/`, `routes/`, `live/`",
    may: ["src"],
  },
  "src/page": {
    holds: "the browser's program; it runs decoder, features and scorer of the stream",
    may: [
      "src/domain",
      "src/runtime",
      "src/broker",
      "src/decode",
      "src/features",
      "src/forest",
      "src/pipeline",
      "src/alerts",
    ],
    types: ["src/http"],
  },
  "src/service.ts": {
    holds: "the running service: opens engines, judge, listeners and HTTP, runs the consumer",
    may: ["src"],
  },
  "src/testing": { holds: "assertions, processes and proxies for tests", may: ["src"] },
  "scripts/commands": {
    holds: "one thin file a task",
    may: ["src", "scripts/cli", "scripts/bench", "scripts/services", "scripts/harness"],
  },
  "scripts/cli": {
    holds: "options, permissions, progress; the launcher",
    may: ["src", "scripts/commands"],
  },
  "scripts/dev": { holds: "gate, build, lint, compile, generated pages", may: ["src", "scripts"] },
  "scripts/bench": { holds: "measurements", may: ["src", "scripts"] },
  "scripts/services": { holds: "real servers without Docker", may: ["src", "scripts/cli"] },
  "scripts/harness": { holds: "fault matrix on real processes", may: ["src", "scripts"] },
};

/**
 * Every package, and the rooms or files that alone may import it; one that is not here is refused. Those of engines are
 * in their descriptors.
 */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "lz4js": ["src/broker/kafka/wire"],
  "snappyjs": ["src/broker/kafka/wire"],
  "hyparquet": ["src/objects/formats"],
  "hyparquet-writer": ["src/objects/formats"],
  "hono": ["src/http"],
  "@hono/node-server": ["src/http"],
  "preact": ["src/page", "src/http"],
  "uplot": ["src/page", "src/http"],
  "eventsource-parser": ["src/page", "src/http"],
  "es-module-lexer": ["src/http"],
  "node:sqlite": ["src/runtime", "src/broker/sqlite", "src/ledger/sqlite", "scripts/harness"],
  "papaparse": ["src/table"],
  "pure-rand": ["src/simulate"],
  "zod": ["src/config.ts", "src/decode", "src/forest", "src/http", "src/registry", "scripts/dev"],
  "assemblyscript": ["scripts/dev"],
  "commander": ["scripts"],
  // The version stands there, once.
  "deno.json": ["scripts"],
  "cli-progress": ["scripts/cli"],
  "ajv": ["scripts/dev"],
  "ajv-formats": ["scripts/dev"],
  "yaml": ["src/decode", "scripts/dev"],
  "protobufjs": ["src/decode"],
  "@msgpack/msgpack": ["src/decode"],
};

/** Files that read the environment: one in `src`, and in `scripts` those that hand it on to another program. */
export const ENVIRONMENT: readonly string[] = [
  "src/config.ts",
  "scripts/cli/launch/launch.ts",
  "scripts/services/server_process.ts",
];

/** Names that say nothing. */
export const EMPTY_NAMES = /^(utils?|helpers?|common|manager|data|misc)$/;

/** Most source files that a folder has of its own, tests apart. */
export const MOST_FILES = 15;

/** Tests, and what only tests import: the folders `testing/`. */
export function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || path.split("/").includes("testing");
}
