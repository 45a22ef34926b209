/**
 * The one declaration of each answer: routes are typed by it, `/openapi.json` describes it, and the page reads its types.
 *
 * @module
 */
import { z } from "zod";
import { LABEL_SOURCES } from "../../ledger/labels.ts";
import { transactionFields } from "./requests.ts";

const id = z.string();
const time = z.iso.datetime();
const score = z.number().gt(0).max(1);
const count = z.number().min(0);
const quantiles = z.record(z.string(), z.number());
const lag = z.array(z.strictObject({ partition: z.int().min(0), records: count }));

const reasons = z.array(z.strictObject({
  feature: z.string(),
  value: z.number(),
  contribution: z.number().describe(
    "Change of the expected path length, in edges; below 0 is more anomalous",
  ),
  text: z.string().describe("The value in words"),
})).describe("The most anomalous first");
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
  reasons,
  scored_at: time,
});
const placed = judged.extend({ topic: z.string(), partition: z.int().min(0), offset: z.int().min(0) });
const place = z.string().describe("topic/partition/offset");
const origin = z.enum(["live", "partial", "snapshot", "own", "cold"]).describe(
  "Where the feature state comes from; partial: the stream has deleted some of its history",
);
const partition = z.int().min(0).nullable().describe(
  "Partition of the feature state; null where it is of none",
);
const verdict = judged.extend({ state: origin, state_partition: partition });
const states = z.array(z.strictObject({
  partition,
  state: origin,
  age_s: z.number().nullable().describe("Time since the snapshot was taken; null where it is none"),
  missing: count.describe("Committed records that it should know and does not"),
})).describe("The feature states that answer");
const fault = z.strictObject({ error: z.strictObject({ reason: z.string(), detail: z.string() }) });
const source = z.enum(LABEL_SOURCES).nullable().describe(
  "How the label came; null without one, and where an earlier version recorded it",
);
const by = z.string().nullable().describe("The author as the server knows it: the token's name");
const label = z.strictObject({
  is_fraud: z.boolean(),
  labelled_at: time.describe("From when on features know it; in a replay the time of its events"),
  decided_at: time.nullable().describe(
    "The clock's time of the answer, or when a label of the stream was read; null where an earlier version recorded it",
  ),
  by,
  source,
  claimed_by: z.string().nullable().describe("Whom the caller named as the author; nobody checked it"),
  repeats: z.boolean().describe("It said what was known already, and changed nothing"),
});
const knownLabel = label.extend({
  history: z.array(label).describe("The newest 20, the newest last"),
  history_total: z.int().describe("Number of all"),
});
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
const now = z.strictObject({
  records_per_s: count.describe("Committed records a second"),
  lag: lag.describe("Records behind the end, by partition"),
  p50_ms: z.number().nullable().describe(
    "Median time from produced to committed; null before the first record",
  ),
  p99_ms: z.number().nullable(),
  flagged_per_min: count,
  dead_letters: count.describe("Since the start"),
  healthy: z.boolean().describe("False when nothing moves though records wait"),
  problems: z.array(z.string()).describe("Why `/readyz` says no; empty if it does not"),
  states,
});

/** The schemas of answers, by what is answered. */
export const ANSWERS = {
  health: z.strictObject({ status: z.literal("ok") }),
  readiness: z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()), states }),
  problem: z.object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() }),
  /** One transaction that was scored, and from which feature state. */
  verdict,
  /** Why a record cannot be scored. */
  fault,
  /** The transactions of one request, in its order. */
  verdicts: z.strictObject({
    model: z.string().describe("SHA-256 of the model"),
    threshold: z.number(),
    verdicts: z.array(z.union([verdict, fault])),
  }),
  flagged: z.strictObject({
    flagged: z.array(placed.extend({
      id: place,
      label: z.enum(["fraud", "legit"]).nullable(),
      label_source: source,
      label_by: by,
    })),
    next_cursor: z.string().nullable().describe(
      "The parameter cursor of the next page; null on the last. A page ends at its limit, or at 1 MiB",
    ),
  }),
  /** What the ledger holds of a transaction: one match for each record with its id. */
  transaction: z.strictObject({
    transaction_id: id,
    matches: z.array(z.strictObject({
      id: place,
      verdict: placed.nullable().describe("Null where it was not flagged"),
      log: z.strictObject({
        customer_id: id,
        terminal_id: id,
        amount: z.number().positive(),
        currency: z.string().nullable(),
        timestamp: time,
        anomaly_score: score,
        flagged: z.boolean(),
      }).nullable().describe("Null where the log leaves it out"),
    })),
    matches_total: z.int().describe(
      "Number of all; of many the last ones are in matches, with 1 MiB of verdicts at most",
    ),
    label: knownLabel.nullable(),
  }),
  /** The latest transactions of a transaction's customer and terminal. */
  context: z.strictObject({
    customer: z.strictObject({ id, recent }),
    terminal: z.strictObject({ id, recent, labels: z.strictObject({ fraud: count, legit: count }) }),
    state: z.string().nullable().describe("Base64 of the feature state of both"),
  }),
  label: z.strictObject({
    transaction_id: id,
    label: knownLabel,
    in_topic: z.boolean().describe(
      "False while the stream does not take it: it is in the ledger, and the consumer produces it later",
    ),
  }),
  status: z.strictObject({
    service: z.enum(["consume", "serve"]).describe(
      "Whether a stream is consumed, or requests alone are scored",
    ),
    topic: z.string(),
    model: z.strictObject({
      sha256: z.string(),
      features: z.array(z.string()),
      threshold: z.number(),
      n_estimators: z.int(),
      max_samples: z.int(),
      card: z.string().optional().describe("The model card, Markdown"),
    }),
    now,
    history: z.strictObject({
      step_s: z.number(),
      t: series.describe("Epoch seconds"),
      records_per_s: series,
      lag: series,
      p50_ms: gappySeries,
      p99_ms: gappySeries,
      flagged: series,
    }).describe("The last ten minutes, a column a figure"),
    scores: z.strictObject({ edges: series, counts: series }),
    drift: z.strictObject({
      features: z.array(
        z.strictObject({
          name: z.string(),
          training: quantiles.describe("By percentage, as p50"),
          now: quantiles.describe("The same of recent transactions; empty before the first"),
          psi: z.number().nullable().describe("Population stability index; null until enough was scored"),
        }),
      ),
    }),
  }),
} as const;

/** The data of the server-sent events of `/v1/events`, by the event's name. */
export const EVENTS = {
  status: now.extend({ time }),
  /** A flagged transaction as a list shows it; its event id is its place. */
  flagged: z.strictObject({
    id: place,
    transaction_id: id,
    customer_id: id,
    terminal_id: id,
    amount: z.number().positive(),
    currency: transactionFields.currency,
    timestamp: time,
    anomaly_score: score,
    threshold: z.number(),
    reasons,
  }),
  skipped: z.strictObject({
    count: count.nullable().describe("Flagged transactions that were not sent; null where it is not known"),
  }),
} as const;

/** One server-sent event of `/v1/events`; on the wire its data are JSON in one line. */
export const serverEvent = z.union([
  z.strictObject({ event: z.literal("status"), data: EVENTS.status }),
  z.strictObject({ event: z.literal("flagged"), id: place, data: EVENTS.flagged }),
  z.strictObject({ event: z.literal("skipped"), data: EVENTS.skipped }),
]);

/** What an answer of a name holds. */
export type Answer<Name extends keyof typeof ANSWERS> = z.infer<typeof ANSWERS[Name]>;
/** What an event of a name holds. */
export type EventData<Name extends keyof typeof EVENTS> = z.infer<typeof EVENTS[Name]>;

/** The answer of `/v1/status`, and parts of it. */
export type Status = Answer<"status">;
/** The numbers of one moment. */
export type Now = Status["now"];
/** The feature states that answer. */
export type States = Now["states"];
/** One feature in training and now. */
export type FeatureDrift = Status["drift"]["features"][number];
/** The answer of `/v1/transactions/:id`. */
export type Found = Answer<"transaction">;
/** The newest label of a transaction, and those before it. */
export type KnownLabel = z.infer<typeof knownLabel>;
/** The answer of `/v1/transactions/:id/context`. */
export type Context = Answer<"context">;
/** One of the latest transactions of a customer or terminal. */
export type Recent = Context["customer"]["recent"][number];
/** A scored transaction. */
export type Judged = z.infer<typeof judged>;
/** A scored transaction of the stream. */
export type PlacedVerdict = z.infer<typeof placed>;
/** One feature's part in a score. */
export type Reason = Judged["reasons"][number];
/** A transaction's own fields. */
export type TransactionText = Pick<
  Judged,
  | "transaction_id"
  | "customer_id"
  | "terminal_id"
  | "amount"
  | "timestamp"
  | "currency"
  | "merchant_category"
  | "country"
  | "channel"
>;
/** A flagged transaction of a list: of `/v1/flagged`, or of an event, which has no label yet. */
export type FlaggedItem =
  & EventData<"flagged">
  & Partial<Pick<Answer<"flagged">["flagged"][number], "label" | "label_source" | "label_by">>;
