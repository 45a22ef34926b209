import type { Broker } from "../broker/broker.ts";
import type { FeaturesOptions } from "../features/features.ts";
import type { FeatureStage } from "../features/stage.ts";
import type { Ledger, LogMode, ObjectCut, Outcome } from "../ledger/ledger.ts";
import type { ObjectStore } from "../objects/objects.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { ScoredBatch } from "../pipeline/pipeline.ts";
import type { Listener } from "../relay/alerts.ts";
import type { FlushOptions } from "../relay/objects.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import type { ConsumerStatus } from "./status.ts";

/** What a consumer works with; whoever opened it closes it. */
export interface ConsumerParts {
  broker: Broker;
  ledger: Ledger;
  store: ObjectStore;
  judge: Judge;
  /** Receivers of alerts, each with a position of its own. */
  listeners: readonly Listener[];
  telemetry: Telemetry;
}

/** The feature state of an owned partition, for observers: it must not be changed. */
export interface OwnedState {
  readonly stage: FeatureStage;
  /** Committed records that it should know and does not, as the stream deleted them; 0 once it is warm. */
  readonly missing: number;
}

/** Who watches a running consumer. */
export interface ConsumerHooks {
  /** Called after each commit. `batchMs` is the time from the start of the batch's processing. */
  onCommit?(outcome: Outcome, batchMs: number): void;
  /** Called with each batch after scoring, before its commit. */
  onScored?(scored: ScoredBatch): void;
  /** Called with the feature state of a claimed partition, and with undefined when the partition is released. */
  onOwned?(partition: number, state: OwnedState | undefined): void;
  /** Called every `statusIntervalMs`. */
  onStatus?(status: ConsumerStatus): void;
  /** Default 5,000. */
  statusIntervalMs?: number;
  /** Pauses between two batches, so that other work gets its turn (default: one turn of the event loop). */
  giveWay?(): Promise<unknown>;
}

/** How a consumer runs. */
export interface ConsumerOptions extends FlushOptions, ConsumerHooks {
  /** Default "transactions". */
  topic?: string;
  /** The topic may be absent (default "labels"). */
  labelTopic?: string;
  /** Partitions of the topic if it must be created (default 1). */
  partitions?: number;
  /** Consumer group (default "edgewood"). */
  group?: string;
  /** Scored transactions that get a row of their own in the log (default "all"). */
  logMode?: LogMode;
  /** Format of the objects (default "ndjson"). */
  format?: ObjectCut["format"];
  /** Bounds and rules of each partition's feature state. */
  featuresOptions?: FeaturesOptions;
  /** Records of a partition between two snapshots of its feature state (default: 200,000, and twice the number of keys). */
  snapshotRecords?: number;
  /** Longest time between two snapshots while records come (default: 300,000). */
  snapshotIntervalMs?: number;
  /** Time between two looks for snapshots that are due without a batch (default: 30,000 at most). */
  lookForSnapshotsMs?: number;
  /** Ends when every partition, another member's too, is at its end and all that is committed is relayed. */
  untilEmpty?: boolean;
  /** Name of the person who accepts that records are lost which the stream deleted before they were read. */
  acceptGaps?: string;
  /** Share of faulty records that is no reason to stop, from 0 to 1 (default 0.5). */
  tolerateFaults?: number;
  /** Ends the run: the batch at hand is committed, and what is committed is relayed within `stopWithinMs`. */
  signal?: AbortSignal;
  /** Time to end in, after the signal (default 10,000). */
  stopWithinMs?: number;
  /** Most records in one batch (default 16,384). */
  maxBatchRecords?: number;
  /** The group reassigns the partitions of a member that is silent for this long (default: the broker's). */
  sessionTimeoutMs?: number;
}
