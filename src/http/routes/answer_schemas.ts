/**
 * What answers look like, for `/openapi.json`; the tests hold real answers against it.
 *
 * @module
 */
import { z } from "zod";
import { transactionFields } from "./schemas.ts";

const id = z.string();
const time = z.iso.datetime();
const score = z.number().gt(0).max(1);
const count = z.number().min(0);
const quantiles = z.record(z.string(), z.number());
const lag = z.array(z.strictObject({ partition: z.int().min(0), records: count }));

const judged = z.looseObject({
  ...transactionFields,
  transaction_id: id,
  customer_id: id,
  terminal_id: id,
  timestamp: time,
  anomaly_score: score,
  threshold: z.number().min(0).max(1),
  flagged: z.boolean(),
  model: z.string(),
  reasons: z.array(
    z.strictObject({ feature: z.string(), value: z.number(), contribution: z.number(), text: z.string() }),
  ),
  scored_at: time,
});
const placed = judged.extend({ topic: z.string(), partition: z.int().min(0), offset: z.int().min(0) });
const label = z.strictObject({ is_fraud: z.boolean(), labelled_at: time, by: z.string().nullable() });
const knownLabel = label.extend({ history: z.array(label) });
const recent = z.array(z.strictObject({
  transaction_id: id,
  timestamp: time,
  amount: z.number().positive(),
  currency: z.string().nullable(),
  anomaly_score: score,
  flagged: z.boolean(),
}));
const series = z.array(z.number());
const gappySeries = z.array(z.number().nullable());

/** The schemas of answers, by what is answered. */
export const ANSWERS = {
  /** Whether the process answers. */
  health: z.strictObject({ status: z.literal("ok") }),
  /** Whether it does its work. */
  readiness: z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) }),
  /** One transaction that was scored, and from which feature state. */
  verdict: judged.extend({ state: z.enum(["live", "snapshot", "own", "cold"]) }),
  /** What keeps a record from being scored. */
  fault: z.strictObject({ error: z.strictObject({ reason: z.string(), detail: z.string() }) }),
  /** A page of flagged transactions. */
  flagged: z.strictObject({
    flagged: z.array(
      placed.extend({ id: z.string(), label: z.enum(["fraud", "legit"]).nullable() }),
    ),
    next_cursor: z.string().nullable(),
  }),
  /** What the ledger says of a transaction. */
  transaction: z.strictObject({
    transaction_id: id,
    matches: z.array(z.strictObject({
      id: z.string(),
      verdict: placed.nullable(),
      log: z.strictObject({
        customer_id: id,
        terminal_id: id,
        amount: z.number().positive(),
        currency: z.string().nullable(),
        timestamp: time,
        anomaly_score: score,
        flagged: z.boolean(),
      }).nullable(),
    })),
    label: knownLabel.nullable(),
  }),
  /** What customer and terminal of a transaction did lately. */
  context: z.strictObject({
    customer: z.strictObject({ id, recent }),
    terminal: z.strictObject({ id, recent, labels: z.strictObject({ fraud: count, legit: count }) }),
    state: z.string().nullable().describe("Base64 of the feature state of both"),
  }),
  /** A label as it was kept. */
  label: z.strictObject({ transaction_id: id, label: knownLabel }),
  /** The model, the numbers of this moment and of the last minutes. */
  status: z.strictObject({
    service: z.enum(["consume", "serve"]),
    topic: z.string(),
    model: z.strictObject({
      sha256: z.string(),
      features: z.array(z.string()),
      threshold: z.number(),
      n_estimators: z.int(),
      max_samples: z.int(),
      card: z.string().optional(),
    }),
    now: z.strictObject({
      records_per_s: count,
      lag,
      p50_ms: z.number().nullable(),
      p99_ms: z.number().nullable(),
      flagged_per_min: count,
      dead_letters: count,
      healthy: z.boolean(),
    }),
    history: z.strictObject({
      step_s: z.number(),
      t: series,
      records_per_s: series,
      lag: series,
      p50_ms: gappySeries,
      p99_ms: gappySeries,
      flagged: series,
    }),
    scores: z.strictObject({ edges: series, counts: series }),
    drift: z.strictObject({
      features: z.array(
        z.strictObject({ name: z.string(), training: quantiles, now: quantiles, psi: z.number().nullable() }),
      ),
    }),
  }),
} as const;
