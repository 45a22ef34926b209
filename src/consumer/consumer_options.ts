/**
 * What a consumer is made of, and how it runs.
 *
 * @module
 */
import type { Outcome } from "../ledger/ledger.ts";
import type { ObjectStore } from "../objects/objects.ts";
import type { ScoredBatch } from "../pipeline/pipeline.ts";
import type { Listener } from "../relay/alerts.ts";
import type { ObjectEncoder } from "../objects/formats/encoders.ts";
import type { FlushOptions } from "../relay/objects.ts";
import type { FeatureStage } from "../features/stage.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import type { PartitionParts } from "./partition.ts";
import type { ConsumerStatus } from "./status.ts";

/** What a consumer is made of. */
export interface ConsumerParts extends
  Omit<
    PartitionParts,
    "labels" | "pool" | "retry" | "retryReads" | "onReplay" | "onCommit" | "onScored" | "owner"
  > {
  /** Topic of the labels; it may be absent. */
  labelTopic: string;
  /** Partitions of the topic where it is made anew (default 1). */
  partitions?: number;
  group: string;
  store: ObjectStore;
  /** Writes flagged transactions as the bytes of an object. */
  encoder: ObjectEncoder;
  /** Who is told of flagged transactions, each with a position of its own. */
  listeners: readonly Listener[];
  telemetry: Telemetry;
}

/** How a consumer runs. */
export interface ConsumerOptions extends FlushOptions {
  /** Ends when every partition, another member's too, stands at its end, and all that is committed is relayed. */
  untilEmpty?: boolean;
  /** Ends in good order: the batch in hand is committed, what is committed is relayed within `stopWithinMs`. */
  signal?: AbortSignal;
  /** Time to end in, after the signal (default 10,000). */
  stopWithinMs?: number;
  /** Most records in one batch (default 16,384). */
  maxBatchRecords?: number;
  /** Time without a sign of life after which the group takes the partitions away (default: the broker's). */
  sessionTimeoutMs?: number;
  /** Told of each commit, and of the time from the batch's processing to it, milliseconds. */
  onCommit?(outcome: Outcome, batchMs: number): void;
  /** Told of each batch when it is scored, before it is committed. */
  onScored?(scored: ScoredBatch): void;
  /** Told of the feature stage of a partition that is owned from now on, and of undefined when it no longer is. */
  onOwned?(partition: number, stage: FeatureStage | undefined): void;
  /** Lets others in the process have their turn between two batches (default: one turn of the event loop). */
  giveWay?(): Promise<unknown>;
  /** Told how the consumer is, every `statusIntervalMs`. */
  onStatus?(status: ConsumerStatus): void;
  /** Time between two looks at the status (default 5,000). */
  statusIntervalMs?: number;
}
