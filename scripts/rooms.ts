/** Rooms of `src/` and what each may import; names without a slash are files of `src/` itself. */
export interface Room {
  /** Rooms that its files may import, besides their own. */
  may: readonly string[];
}

/** What every room may import: nouns, errors and small means without a room. */
export const COMMON: readonly string[] = [
  "delivery_error.ts",
  "deliver.ts",
  "hash_id.ts",
  "label.ts",
  "retry.ts",
  "sha256.ts",
  "telemetry.ts",
  "transaction.ts",
  "verdict.ts",
];

/** Data moves right: a room imports what lies to its left. */
export const ROOMS: Readonly<Record<string, Room>> = {
  broker: { may: ["sqlite.ts"] },
  table: { may: ["forest"] },
  features: { may: ["forest", "broker", "stages"] },
  forest: { may: ["evaluate"] },
  stages: { may: ["broker", "features", "forest"] },
  ledger: { may: ["sqlite.ts"] },
  objects: { may: [] },
  alerts: { may: ["broker"] },
  relay: { may: ["alerts", "broker", "ledger", "objects"] },
  simulate: { may: ["broker"] },
  consumer: {
    may: ["alerts", "broker", "features", "forest", "ledger", "objects", "relay", "stages", "pipeline.ts"],
  },
  training: { may: ["broker", "consumer", "features", "forest", "simulate", "stages"] },
  evaluate: {
    may: ["broker", "features", "forest", "ledger", "simulate", "stages", "table", "training"],
  },
  verify: { may: ["broker", "ledger", "objects", "relay"] },
  http: { may: ["*"] },
  testing: { may: ["*"] },
  "pipeline.ts": { may: ["broker", "features", "forest", "ledger", "stages"] },
  "adapters.ts": { may: ["broker", "ledger", "objects"] },
};

/** A vendor's package and the files that alone may import it. */
export const VENDORS: readonly (readonly [specifier: RegExp, files: RegExp])[] = [
  [/^(kafkajs|kafkajs-snappy|lz4js)$/, /^broker\/kafka/],
  [/^@platformatic\/kafka$/, /^broker\/platformatic/],
  [/^minio$/, /^objects\/minio/],
  [/^hyparquet(-writer)?$/, /^objects\/parquet/],
  [/^(pg|pg-copy-streams)$/, /^ledger\/postgres/],
  [/^hono/, /^http\//],
  [/^node:sqlite$/, /^(sqlite\.ts|broker\/sqlite|ledger\/sqlite)/],
];

/** Files of adapters, which only `adapters.ts` and the adapter itself import. */
export const ADAPTERS =
  /^(broker\/(kafka|sqlite|platformatic)|ledger\/(postgres|sqlite)|objects\/(minio|directory))\w*\.ts$/;

/** Stages, each with its own parts; none imports another. */
export const STAGES: readonly RegExp[] = [
  /^stages\/(decode\w*|key|timestamp)\.ts$/,
  /^stages\/features\.ts$/,
  /^stages\/score\.ts$/,
  /^stages\/decide\.ts$/,
];

/** Names that say nothing. */
export const EMPTY_NAMES = /(^|[/_])(utils?|helpers?|common|manager|data|misc)(_|\.|\/|$)/;
