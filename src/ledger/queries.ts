/**
 * Part of the ledger: people's questions, such as which transactions were flagged and what a card did recently.
 *
 * @module
 */
import type { LabelSource } from "./labels.ts";
import type { Claim, FlaggedTransaction } from "./ledger.ts";

/** Where a flagged transaction stands among those of its topic, the newest first. */
export interface FlaggedPlace {
  /** Event time, milliseconds since 1970. */
  timestampMs: number;
  partition: number;
  offset: number;
}

/** Which flagged transactions to read; an absent field sets no condition. */
export interface FlaggedFilter {
  customerId?: string;
  terminalId?: string;
  /** Those of this event time or later, milliseconds since 1970. */
  fromMs?: number;
  /** Those before this event time, milliseconds since 1970. */
  toMs?: number;
  /** Those of at least this anomaly score. */
  minScore?: number;
  /** Those of at least this amount in major units, whatever the currency. */
  minAmount?: number;
  /** Those whose newest label says so; `none` for those without a label. */
  label?: "none" | "fraud" | "legit";
  /** Those whose newest label came this way. */
  labelSource?: LabelSource;
  before?: FlaggedPlace;
  /** Most of them, at least 1. */
  limit: number;
  /** After the row with which their verdicts reach this many bytes follows one more at most (default: no bound). */
  maxBytes?: number;
}

/** A flagged transaction with its partition and its label. */
export interface PlacedTransaction extends FlaggedTransaction {
  partition: number;
  /** What the newest label says; null without one. */
  label: "fraud" | "legit" | null;
  /** How it came; null without one, and in a ledger of an earlier version. */
  labelSource: LabelSource | null;
  labelledBy: string | null;
}

/** A scored transaction as a list of recent ones shows it. */
export interface RecentTransaction extends FlaggedPlace {
  transactionId: string;
  /** Amount in minor units (cents), an integer. */
  amountMinor: number;
  /** ISO 4217 code, or null where the record gave none. */
  currency: string | null;
  /** In (0, 1], higher is more anomalous. */
  anomalyScore: number;
  flagged: boolean;
}

/** Questions to the ledger; none of them waits for a consumer or holds one up. */
export interface LedgerQueries {
  /**
   * Makes the indexes that the questions below need, where they are missing; from then on each commit keeps them.
   *
   * They slow commits down, so a ledger without readers has none. Making them takes a while on a long log.
   */
  prepare(): Promise<void>;
  /** Flagged transactions of a topic, the newest event first. */
  flagged(topic: string, filter: FlaggedFilter): Promise<PlacedTransaction[]>;
  /** The newest transactions of one customer or at one terminal, the newest first: those in the log, and flagged ones. */
  recent(
    topic: string,
    which: { customerId: string } | { terminalId: string },
    limit: number,
  ): Promise<RecentTransaction[]>;
  /** Transactions at a terminal that are labelled, by their newest label. */
  labelsAt(terminalId: string): Promise<{ fraud: number; legit: number }>;
  /** The newest feature state of a partition, without claiming it; undefined where there is none. */
  snapshot(topic: string, partition: number): Promise<Claim["snapshot"]>;
}
