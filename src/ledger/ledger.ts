/**
 * The port to the ledger: the one place where a verdict becomes true.
 *
 * One SQL transaction a batch writes the log rows, the flagged transactions, the dead letters and the next offset,
 * guarded by the owner's epoch and by the offset that the ledger expects. Flagged transactions and dead letters are
 * their own outbox: a listener's position says how far it has delivered them, so nothing is written a second time to
 * be sent.
 *
 * @module
 */
import type { Place } from "../domain/place.ts";
import type { DeadLetterReason } from "../domain/transaction.ts";
import type { LedgerAlertStates } from "./alert_states.ts";
import type { LedgerLabels } from "./labels.ts";
import type { LedgerLosses } from "./losses.ts";
import type { LedgerOutbox } from "./outbox.ts";
import type { LedgerQueries } from "./queries.ts";

/** Which scored transactions get a row of their own in the log. */
export type LogMode = "all" | "flagged" | "none";

/** Scored transactions to log, as columns of at least `count` elements. */
export interface LogRows {
  readonly count: number;
  /** Offset of each row's record, rising. */
  readonly offset: Float64Array;
  /** When the broker took the record, milliseconds since 1970. */
  readonly producedAtMs: Float64Array;
  /** In (0, 1], higher is more anomalous. */
  readonly anomalyScore: Float64Array;
  readonly flagged: Uint8Array;
  /** Event time, milliseconds since 1970. */
  readonly timestampMs: Float64Array;
  /** Amount in minor units (cents), an integer. */
  readonly amountMinor: Float64Array;
  /** Number of the ISO 4217 code (`currencyCode`), 0 where the record gave none. */
  readonly currency: Uint32Array;
  /** `hashId` of the transaction's id, two words a row. */
  readonly transactionKey: Uint32Array;
  /** Text of the ids as UTF-8: of transaction, customer and terminal of the first row, of the second row, and so on. */
  readonly idBytes: Uint8Array;
  /** Where they start and end: id `i` of row `r` lies in `idBytes[idOffsets[3 * r + i], idOffsets[3 * r + i + 1])`. */
  readonly idOffsets: Uint32Array;
}

/** A flagged transaction as the ledger keeps it. */
export interface FlaggedTransaction {
  offset: number;
  transactionId: string;
  customerId: string;
  terminalId: string;
  /** Amount in minor units (cents), an integer. */
  amountMinor: number;
  /** ISO 4217 code, or null where the record gave none. */
  currency: string | null;
  /** Event time, milliseconds since 1970. */
  timestampMs: number;
  /** In (0, 1], higher is more anomalous. */
  anomalyScore: number;
  /** The verdict in its wire form: one line of JSON. */
  verdict: string;
}

/** A row of the log. */
export interface LoggedTransaction extends Omit<FlaggedTransaction, "verdict"> {
  flagged: boolean;
}

/** A scored transaction that the ledger holds: in its log, among the flagged ones, or both. */
export interface KnownTransaction extends Omit<FlaggedTransaction, "verdict"> {
  topic: string;
  partition: number;
  flagged: boolean;
  /** Whether it has a row in the log. */
  logged: boolean;
  /** The verdict in its wire form; null where it was not flagged, and where verdicts of later ones with the id fill 1 MiB. */
  verdict: string | null;
}

/** A record that could not be read as a transaction, with its original bytes. */
export interface DeadLetter {
  offset: number;
  reason: DeadLetterReason;
  /** Which field, and what it held. */
  detail: string;
  /** The record's key; null where it had none, or where the letter was delivered and forgotten. */
  key: Uint8Array | null;
  /** The record's value; null where it had none, or where the letter was delivered and forgotten. */
  value: Uint8Array | null;
  /** When the broker took the record, milliseconds since 1970. */
  producedAtMs: number;
}

/** What one batch of a partition came to: committed whole or not at all. */
export interface Outcome {
  topic: string;
  partition: number;
  /** The epoch of the claim under which the batch was processed. */
  epoch: number;
  /** The next offset that the ledger holds; nothing is committed where it holds another. */
  firstOffset: number;
  nextOffset: number;
  /** For each partition of the label topic, the offset up to which labels were available to this batch. */
  labelOffsets: readonly number[];
  model: string;
  logMode: LogMode;
  scored: number;
  /** Records that the stream's definition passes over. */
  passed: number;
  log: LogRows;
  /** In offset order. */
  flagged: readonly FlaggedTransaction[];
  /** In offset order. */
  deadLetters: readonly DeadLetter[];
  /** When the commit was begun, milliseconds since 1970. */
  committedAtMs: number;
  /** Feature state after the batch; replaces the one before. */
  snapshot?: Uint8Array;
}

/** A stretch of offsets committed under one model, log mode and state of the labels. */
export interface CommittedRange {
  firstOffset: number;
  nextOffset: number;
  /** For each partition of the label topic, the offset up to which labels were available. */
  labelOffsets: number[];
  model: string;
  logMode: LogMode;
  scored: number;
  flagged: number;
  deadLetters: number;
  /** Number of records in it that the stream's definition passed over. */
  passed: number;
}

/** What the new owner of a partition takes over. */
export interface Claim {
  /** Greater than every epoch before it; commits under an older one are refused from now on. */
  epoch: number;
  /** Where to read on, or undefined where nothing was ever committed. */
  nextOffset: number | undefined;
  /** The newest feature state, which holds every offset before `nextOffset` of it. */
  snapshot: { nextOffset: number; bytes: Uint8Array } | undefined;
  /** What was committed after the snapshot (or ever, without one), in order. */
  ranges: CommittedRange[];
}

/** One object to be: the flagged transactions of one event hour among a stretch of offsets. */
export interface ObjectCut {
  key: string;
  topic: string;
  partition: number;
  /** First and last offset of the stretch; the object holds those of its hour. */
  firstOffset: number;
  /** Last offset of the stretch, which belongs to it. */
  lastOffset: number;
  /** Start of the event hour, milliseconds since 1970. */
  hourMs: number;
  format: "ndjson" | "parquet";
  rows: number;
  byteLength: number;
  /** SHA-256 of the object's bytes, hexadecimal. */
  sha256: string;
}

/** Counts over a topic, or over all of it that the ledger holds. */
export interface LedgerSummary {
  scored: number;
  flagged: number;
  deadLetters: number;
  passed: number;
  /** Objects whose cut is recorded. */
  objects: number;
  /** Those of them that are known to be stored. */
  objectsStored: number;
  /** Time from produced to committed of the logged transactions, milliseconds; NaN without a log. */
  latencyP50Ms: number;
  /** The 99th percentile of the same time; `latencyP50Ms` is its median. */
  latencyP99Ms: number;
}

/**
 * A commit was refused because the partition is another owner's, or has moved on: drop what was in hand for it.
 */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/**
 * The ledger. Every method blocks until it is durable or known; an adapter retries a lost connection itself, within
 * bounded time, and then throws `DeliveryError`.
 */
export interface Ledger extends AsyncDisposable {
  /** The ledger as a person would name it, without secrets. */
  readonly name: string;
  /** Attempts that failed since it was opened, and that another one followed; absent where there is no server that can be away. */
  readonly failedAttempts?: number;
  /** What tells this ledger from every other; a copy of it, such as a standby, has the same. */
  id(): Promise<string>;

  /**
   * Makes `owner` the owner of the partition, and fences every owner before it.
   *
   * @param streamId Name of the stream; throws `Error` where the ledger follows the same topic of another stream.
   */
  claim(topic: string, partition: number, options: { owner: string; streamId: string }): Promise<Claim>;
  /**
   * Writes the outcome of a batch in one SQL transaction; throws `FencedError` where the epoch or the next offset
   * moved on. Repeating a commit whose answer was lost is safe: the adapter finds its own commit and returns.
   */
  commit(outcome: Outcome): Promise<void>;

  /**
   * Keeps the feature state before an offset that is committed, in place of the snapshot before; throws `FencedError`
   * where the epoch moved on or the offset is not committed.
   */
  keepSnapshot(place: Place, nextOffset: number, bytes: Uint8Array): Promise<void>;

  /** Flagged transactions after this offset, in offset order. */
  flaggedAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<FlaggedTransaction[]>;
  /**
   * The transactions with this id that the ledger holds, by topic, partition and offset; the first 1,000 where a stream
   * repeats an id more often. One that was neither logged nor flagged is not among them.
   */
  find(transactionId: string): Promise<KnownTransaction[]>;
  readonly labels: LedgerLabels;
  /** States of listeners that get alerts in groups. */
  readonly alertStates: LedgerAlertStates;
  readonly outbox: LedgerOutbox;
  readonly losses: LedgerLosses;
  /** Dead letters after this offset, in offset order. */
  deadLettersAfter(topic: string, partition: number, offset: number, limit: number): Promise<DeadLetter[]>;
  /** Drops key and value of delivered dead letters up to and including this offset; their reasons stay. */
  forgetDeadLetters(topic: string, partition: number, throughOffset: number): Promise<void>;
  /** Last offset that the listener has delivered of the partition, or -1. */
  position(listener: string, topic: string, partition: number): Promise<number>;
  /** Moves the listener's position forward; an older one changes nothing. */
  advance(listener: string, topic: string, partition: number, offset: number): Promise<void>;

  /** Last offset that a recorded cut covers, or -1. */
  lastCutOffset(topic: string, partition: number): Promise<number>;
  /** Records cuts before their objects are written; throws `FencedError` where the epoch moved on. */
  recordCuts(topic: string, partition: number, epoch: number, cuts: readonly ObjectCut[]): Promise<void>;
  /** Cuts whose object is not known to be stored, in order. */
  pendingCuts(topic: string, partition: number, limit: number): Promise<ObjectCut[]>;
  /** Notes that the objects are stored with the recorded bytes. */
  markStored(keys: readonly string[]): Promise<void>;
  /** Notes that the objects are not stored (any more), so that the partition's owner writes them again. */
  markUnstored(keys: readonly string[]): Promise<void>;
  /** The last cut whose object is known to be stored, of a topic or of any; undefined where there is none. */
  lastStored(topic?: string): Promise<ObjectCut | undefined>;

  readonly queries: LedgerQueries;

  /** Topics and partitions that the ledger knows, with the next offset of each. */
  partitions(): Promise<{ topic: string; partition: number; nextOffset: number }[]>;
  /** Committed ranges of a partition in order. */
  ranges(topic: string, partition: number): AsyncIterable<CommittedRange>;
  /** The partition's log rows by offset, in pages; an offset that is there twice comes twice. */
  logged(topic: string, partition: number): AsyncIterable<LoggedTransaction[]>;
  /** All cuts of a partition, stored or not, in the order of their keys. */
  cuts(topic: string, partition: number): AsyncIterable<ObjectCut & { stored: boolean }>;
  /** Counts and latency over one topic. */
  summary(topic: string): Promise<LedgerSummary>;
}
