/**
 * What the server's answers hold, as far as the page reads them; `/openapi.json` describes them whole.
 *
 * @module
 */

/** One feature's part in a score; a contribution below 0 speaks for an anomaly. */
export interface WireReason {
  /** Name of the feature. */
  feature: string;
  /** Its raw value. */
  value: number;
  /** Change of the expected path length, in edges. */
  contribution: number;
  /** The value in words. */
  text: string;
}

/** A transaction as it entered, with fields that the page shows. */
export interface WireTransaction {
  /** Unique name. */
  transaction_id: string;
  /** Who paid. */
  customer_id: string;
  /** Where. */
  terminal_id: string;
  /** Major units, above 0. */
  amount: number;
  /** ISO 4217. */
  currency?: string | null;
  /** Four digits. */
  merchant_category?: string | null;
  /** ISO 3166-1 alpha-2. */
  country?: string | null;
  /** pos, online or atm. */
  channel?: string | null;
  /** Event time, RFC 3339. */
  timestamp: string;
}

/** A verdict. */
export interface WireVerdict extends WireTransaction {
  /** In (0, 1], higher is more anomalous. */
  anomaly_score: number;
  /** A score above it is flagged. */
  threshold: number;
  /** Whether it is flagged. */
  flagged: boolean;
  /** SHA-256 of the model. */
  model: string;
  /** Most anomalous first. */
  reasons: WireReason[];
  /** RFC 3339. */
  scored_at?: string;
}

/** A flagged transaction of the list or the event stream. */
export interface WireFlagged extends WireVerdict {
  /** topic/partition/offset. */
  id: string;
  /** What an analyst or a chargeback said, where anybody did. */
  label?: { is_fraud: boolean } | null;
}

/** How the service is at a moment. */
export interface WireNow {
  /** Committed records a second. */
  records_per_s: number;
  /** Records behind the end by partition. */
  lag: { partition: number; records: number }[];
  /** Median time from produced to committed, milliseconds; null before the first record. */
  p50_ms: number | null;
  /** Of a hundred records, one took longer. */
  p99_ms: number | null;
  /** Flagged in the last minute. */
  flagged_per_min: number;
  /** Dead letters since the start. */
  dead_letters: number;
  /** False when nothing moves though records wait. */
  healthy: boolean;
  /** When that was, RFC 3339; in the event stream. */
  time?: string;
}

/** The last ten minutes, a column a figure. */
export interface WireHistory {
  /** Seconds between two columns. */
  step_s: number;
  /** Epoch seconds. */
  t: number[];
  /** Committed records a second. */
  records_per_s: (number | null)[];
  /** Records behind the end, all partitions. */
  lag: (number | null)[];
  /** Milliseconds. */
  p50_ms: (number | null)[];
  /** Milliseconds. */
  p99_ms: (number | null)[];
  /** Flagged in the step. */
  flagged: (number | null)[];
}

/** A feature's values at training and now. */
export interface WireDrift {
  /** Name of the feature. */
  name: string;
  /** Quantiles of the training rows, where the model has them. */
  training: Readonly<Record<string, number>> | null;
  /** Quantiles of what was scored of late, once there is enough. */
  now: Readonly<Record<string, number>> | null;
  /** Population stability index; null until enough was scored. */
  psi: number | null;
}

/** The answer of `/v1/status`. */
export interface WireStatus {
  /** Whether a stream is consumed, or rows are scored by HTTP alone. */
  service: "consume" | "serve";
  /** Topic of the transactions. */
  topic?: string;
  /** The live model in short. */
  model: {
    sha256: string;
    trained_at?: string;
    features: string[];
    threshold: number;
    n_estimators: number;
    max_samples: number;
    /** The model card in Markdown, where the model has one. */
    card?: string;
  };
  /** The moment. */
  now: WireNow;
  /** The last ten minutes. */
  history: WireHistory;
  /** Scores: 51 edges, 50 counts. */
  scores: { edges: number[]; counts: number[] };
  /** By feature. */
  drift: { features: WireDrift[] };
}

/** A truth about a transaction, and those before it. */
export interface WireLabel {
  /** Fraud or legitimate. */
  is_fraud: boolean;
  /** RFC 3339. */
  labelled_at: string;
  /** Who said so. */
  by?: string | null;
  /** Truths that this one replaced, and itself. */
  history?: { is_fraud: boolean; labelled_at: string; by?: string | null }[];
}

/** The answer of `/v1/transactions/:id`. */
export interface WireFound {
  /** The id asked for. */
  transaction_id: string;
  /** Records with this id. */
  matches: {
    id: string;
    verdict: WireVerdict | null;
    log: Partial<WireTransaction> & { anomaly_score: number; flagged: boolean } | null;
  }[];
  /** Its truth, where it is known. */
  label: WireLabel | null;
}

/** An earlier or later transaction of the same customer or terminal. */
export interface WireRecent {
  /** Unique name. */
  transaction_id: string;
  /** RFC 3339. */
  timestamp: string;
  /** Major units. */
  amount: number;
  /** In (0, 1]. */
  anomaly_score: number;
  /** Whether it was flagged. */
  flagged: boolean;
}

/** The answer of `/v1/transactions/:id/context`. */
export interface WireContext {
  /** Of the same customer. */
  customer: { id: string; recent: WireRecent[] };
  /** At the same terminal. */
  terminal: { id: string; recent: WireRecent[]; labels: { fraud: number; legit: number } };
  /** Feature state of this customer and terminal in base64, or null. */
  state: string | null;
}
