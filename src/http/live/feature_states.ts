import type { Broker } from "../../broker/broker.ts";
import type { Manifest } from "../../forest/manifest.ts";
import { type FeatureStage, openFeatureStage } from "../../features/stage.ts";

/**
 * Where a feature state comes from: `live`, the partition that this process consumes; `snapshot`, the newest one in the
 * ledger; `own`, what this process scored itself; `cold`, none of them: as if it were the first transaction ever.
 */
export type StateOrigin = "live" | "snapshot" | "own" | "cold";

/** A feature state that was found. */
export interface FoundState {
  stage: FeatureStage;
  /** Where it comes from. */
  origin: StateOrigin;
  /** Whether the state takes in what it scores. */
  advances: boolean;
}

/** The feature states that a process can score with. */
export interface FeatureStates {
  /** The state in which this customer's transactions meet. */
  of(customerId: string): FoundState;
  /** Every state that there is at the moment. */
  all(): FeatureStage[];
}

/** The states of the partitions that a consumer owns, as they stand; scoring leaves them as they are. */
export class OwnedStates implements FeatureStates {
  readonly #broker: Pick<Broker, "partitionOf">;
  readonly #stages = new Map<number, FeatureStage>();
  readonly #cold: FoundState;
  readonly #partitions: () => number;

  /**
   * Knows of no owned partition yet.
   *
   * @param partitions Number of partitions of the topic, which decides where a customer's transactions lie.
   */
  constructor(
    broker: Pick<Broker, "partitionOf">,
    manifest: Pick<Manifest, "kind" | "features">,
    partitions: () => number,
  ) {
    this.#broker = broker;
    this.#partitions = partitions;
    this.#cold = { stage: openFeatureStage(manifest), origin: "cold", advances: false };
  }

  /** Takes note of a partition that is owned from now on, or, with undefined, no longer. */
  set(partition: number, stage: FeatureStage | undefined): void {
    if (stage === undefined) this.#stages.delete(partition);
    else this.#stages.set(partition, stage);
  }

  /** Number of owned partitions. */
  get owned(): number {
    return this.#stages.size;
  }

  of(customerId: string): FoundState {
    const partitions = this.#partitions();
    const partition = partitions > 1 ? this.#broker.partitionOf(customerId, partitions) : 0;
    const stage = this.#stages.get(partition);
    return stage === undefined ? this.#cold : { stage, origin: "live", advances: false };
  }

  all(): FeatureStage[] {
    return [...this.#stages.values()];
  }
}

/** One state for all customers, of what this process scores; it moves on with it, or stays empty. */
export class OwnState implements FeatureStates {
  readonly #found: FoundState;

  /** Begins with an empty state; where `stateless`, it stays empty, and each transaction is the first one ever. */
  constructor(manifest: Pick<Manifest, "kind" | "features">, { stateless }: { stateless: boolean }) {
    const stage = openFeatureStage(manifest);
    this.#found = { stage, origin: stateless ? "cold" : "own", advances: !stateless };
  }

  of(): FoundState {
    return this.#found;
  }

  all(): FeatureStage[] {
    return [this.#found.stage];
  }
}
