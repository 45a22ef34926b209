/** What a room of `src/` may import besides its own files and the nouns: rooms, or single files of one. */
export interface Room {
  /** What it may use. */
  may: readonly string[];
  /** What it may import types of, no code. */
  types?: readonly string[];
}

/** What every room may import: nouns, errors and small means without a room. They import nothing but one another. */
export const NOUNS: readonly string[] = [
  "array_pool.ts",
  "currency.ts",
  "delivery_error.ts",
  "deliver.ts",
  "hash_id.ts",
  "label.ts",
  "quantile.ts",
  "retry.ts",
  "sha256.ts",
  "telemetry.ts",
  "transaction.ts",
  "verdict.ts",
];

/** Data moves right: a room imports what lies to its left. A folder or file of `src/` that is neither here nor a noun is refused. */
export const ROOMS: Readonly<Record<string, Room>> = {
  "config.ts": { may: [] },
  "sqlite.ts": { may: [] },
  "thread.ts": { may: [] },
  "wasm_module.ts": { may: [] },
  broker: { may: ["sqlite.ts", "thread.ts"] },
  table: { may: [], types: ["forest"] },
  features: { may: [], types: ["forest"] },
  forest: {
    may: ["evaluate/card_precision.ts", "evaluate/metrics.ts", "wasm_module.ts", "../../assembly/layout.ts"],
  },
  stages: { may: ["broker", "features", "wasm_module.ts", "../../assembly/layout.ts"], types: ["forest"] },
  ledger: { may: ["sqlite.ts", "thread.ts"] },
  objects: { may: [] },
  alerts: { may: [], types: ["broker"] },
  labels: { may: [], types: ["broker", "ledger"] },
  relay: { may: ["ledger", "objects"], types: ["alerts", "broker"] },
  simulate: { may: ["broker/packed_records.ts"], types: ["broker"] },
  "log_rows.ts": { may: [], types: ["broker", "ledger"] },
  "pipeline.ts": { may: ["broker", "log_rows.ts", "stages"], types: ["features", "forest", "ledger"] },
  consumer: {
    may: ["broker", "ledger", "pipeline.ts", "relay", "stages"],
    types: ["alerts", "features", "forest", "objects"],
  },
  training: { may: ["broker", "consumer", "features", "forest", "stages"], types: ["ledger", "simulate"] },
  evaluate: {
    may: ["broker", "features", "forest", "simulate", "stages", "table", "training"],
    types: ["consumer", "ledger"],
  },
  verify: { may: ["broker", "objects", "relay"], types: ["ledger"] },
  http: { may: ["*"] },
  testing: { may: ["*"] },
  "adapters.ts": { may: ["broker", "ledger", "objects"] },
};

/** Every package, and the files that alone may import it; one that is not here is refused. */
export const VENDORS: readonly (readonly [specifier: RegExp, files: RegExp])[] = [
  [/^kafkajs$/, /^(src\/broker\/kafkajs|scripts\/bench\/runs\/kafka_raw)/],
  [/^(lz4js|snappyjs)$/, /^src\/broker\/kafka\//],
  [/^@platformatic\/kafka$/, /^(src\/broker\/platformatic|scripts\/bench\/runs\/kafka_raw)/],
  [/^minio(\/|$)/, /^(src\/objects\/minio|scripts\/bench\/runs\/engines)/],
  [/^hyparquet(-writer)?$/, /^src\/objects\/parquet/],
  [/^(pg|pg-copy-streams)$/, /^(src\/ledger\/postgres|scripts\/bench\/runs\/postgres_raw)/],
  [/^(hono(\/|$)|@hono\/node-server$)/, /^src\/http\//],
  [/^(preact|uplot|eventsource-parser)(\/|$)/, /^src\/http\/page/],
  [/^(puppeteer-core|axe-core\/.*)$/, /^src\/http\/page\/testing_browser\.ts$/],
  [/^es-module-lexer$/, /^src\/http\/page_modules\.ts$/],
  [/^node:sqlite$/, /^src\/(sqlite\.ts|broker\/sqlite|ledger\/sqlite)/],
  [/^papaparse$/, /^src\/table\/csv/],
  [/^pure-rand\//, /^src\/simulate\/random/],
  [/^zod$/, /^src\/(config\.ts|forest\/(manifest|sklearn)|http\/)/],
  [/^assemblyscript\//, /^scripts\/build/],
  [/^(commander|cli-progress)$/, /^scripts\//],
  [/^(ajv\/.*|ajv-formats|yaml)$/, /^scripts\/check_compose/],
];

/** Files that touch the environment: one in `src/`, and in `scripts/` those that hand it on to another program. */
export const ENVIRONMENT: readonly string[] = [
  "src/config.ts",
  "scripts/cli/launch/launch.ts",
  "scripts/services/server_process.ts",
];

/** Rooms whose results follow from their arguments: no clock, no chance, no environment, no input or output. */
export const PURE: readonly string[] = ["features", "stages"];

/** Tests, suites and fixtures, which put things together as they need, and what nothing but they may import. */
export const TESTS =
  /_test\.ts$|_fixture\.ts$|_cases\.ts$|\/contract\.ts$|\/testing_\w+\.ts$|^src\/testing\//;

/** Files of adapters, which only `adapters.ts` and the adapter itself import. */
export const ADAPTERS =
  /^(broker\/(kafka|kafkajs|sqlite|platformatic)|ledger\/(postgres|sqlite)|objects\/(minio|directory))[\w/]*\.ts$/;

/** Parts of adapters that others share: the files, and whose they are. */
export const SHARED_PARTS: readonly (readonly [files: RegExp, adapters: RegExp])[] = [
  [/^broker\/kafka\//, /^broker\/(kafkajs|platformatic)[./]/],
];

/** Stages, each with its own parts; none imports another. */
export const STAGES: readonly RegExp[] = [
  /^stages\/(decode\w*|key|timestamp)\.ts$/,
  /^stages\/features\.ts$/,
  /^stages\/score\.ts$/,
  /^stages\/decide\.ts$/,
];

/** Names that say nothing. */
export const EMPTY_NAMES = /(^|[/_])(utils?|helpers?|common|manager|data|misc)(_|\.|\/|$)/;
