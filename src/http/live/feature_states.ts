import type { Broker } from "../../broker/broker.ts";
import type { OwnedState } from "../../consumer/consumer_options.ts";
import type { Manifest } from "../../forest/manifest.ts";
import { type FeatureStage, openFeatureStage } from "../../features/stage.ts";

/**
 * Where a feature state comes from: `live`, a partition that this process consumes; `snapshot`, the newest one in the ledger;
 * `partial`, either of them where the stream has deleted some of its history; `own`, what this process scored itself; `cold`,
 * nowhere: it is empty.
 */
export type StateOrigin = "live" | "partial" | "snapshot" | "own" | "cold";

/** A feature state and its origin. */
export interface FoundState {
  stage: FeatureStage;
  origin: StateOrigin;
  /** Null where it is of no partition. */
  partition: number | null;
  /** Time since it was taken, seconds; null where it is no snapshot, or of an earlier version. */
  ageS: number | null;
  /** Committed records that it should know and does not, as the stream deleted them. */
  missing: number;
  /** Whether scoring updates the state. */
  advances: boolean;
}

/** The feature states that a process can score with. */
export interface FeatureStates {
  /** The state that knows this customer, of several the one that saw it last. */
  of(customerId: string): FoundState;
  /** All of them; the empty one that answers where there is none. */
  all(): FoundState[];
}

/** The state that saw the customer last; undefined if none knows it. */
export function newestOf(states: Iterable<FoundState>, customerId: string): FoundState | undefined {
  let newest: FoundState | undefined;
  let seenAt = -1;
  for (const state of states) {
    const at = state.stage.features.lastSeen(customerId);
    if (at > seenAt) [newest, seenAt] = [state, at];
  }
  return newest;
}

/** An empty state, for where there is no other. */
export function coldState(manifest: Pick<Manifest, "kind" | "features">): FoundState {
  const stage = openFeatureStage(manifest);
  return { stage, origin: "cold", partition: null, ageS: null, missing: 0, advances: false };
}

/** The live states of the partitions that a consumer owns; scoring does not change them. */
export class OwnedStates implements FeatureStates {
  readonly #broker: Pick<Broker, "partitionOf">;
  readonly #states = new Map<number, FoundState>();
  readonly #cold: FoundState;
  readonly #partitions: () => number;

  /**
   * @param partitions Number of partitions of the topic.
   */
  constructor(
    broker: Pick<Broker, "partitionOf">,
    manifest: Pick<Manifest, "kind" | "features">,
    partitions: () => number,
  ) {
    this.#broker = broker;
    this.#partitions = partitions;
    this.#cold = coldState(manifest);
  }

  /** Sets the state of an owned partition; undefined when it is no longer owned. */
  set(partition: number, owned: OwnedState | undefined): void {
    if (owned === undefined) {
      this.#states.delete(partition);
      return;
    }
    this.#states.set(partition, {
      ...{ stage: owned.stage, partition, ageS: null, advances: false },
      get missing() {
        return owned.missing;
      },
      get origin(): StateOrigin {
        return owned.missing > 0 ? "partial" : "live";
      },
    });
  }

  get owned(): number {
    return this.#states.size;
  }

  /** A customer whom no owned state knows gets that of its partition by Kafka's default, the empty one if that is not owned. */
  of(customerId: string): FoundState {
    const partitions = this.#partitions();
    const partition = partitions > 1 ? this.#broker.partitionOf(customerId, partitions) : 0;
    return newestOf(this.#states.values(), customerId) ?? this.#states.get(partition) ?? this.#cold;
  }

  all(): FoundState[] {
    return this.#states.size === 0 ? [this.#cold] : [...this.#states.values()];
  }
}

/** One state for all customers, updated by what this process scores, or always empty. */
export class OwnState implements FeatureStates {
  readonly #found: FoundState;

  constructor(manifest: Pick<Manifest, "kind" | "features">, { stateless }: { stateless: boolean }) {
    const cold = coldState(manifest);
    this.#found = stateless ? cold : { ...cold, origin: "own", advances: true };
  }

  of(): FoundState {
    return this.#found;
  }

  all(): FoundState[] {
    return [this.#found];
  }
}
