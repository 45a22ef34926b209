import type { Broker } from "../../broker/broker.ts";
import type { Manifest } from "../../forest/manifest.ts";
import { type FeatureStage, openFeatureStage } from "../../features/stage.ts";

/**
 * Where a feature state comes from: `live`, a partition that this process consumes; `snapshot`, the newest one in the ledger;
 * `own`, what this process scored itself; `cold`, nowhere: it is empty.
 */
export type StateOrigin = "live" | "snapshot" | "own" | "cold";

/** A feature state and its origin. */
export interface FoundState {
  stage: FeatureStage;
  origin: StateOrigin;
  /** Whether scoring updates the state. */
  advances: boolean;
}

/** The feature states that a process can score with. */
export interface FeatureStates {
  /** The state that holds this customer. */
  of(customerId: string): FoundState;
  all(): FeatureStage[];
}

/** The live states of the partitions that a consumer owns; scoring does not change them. */
export class OwnedStates implements FeatureStates {
  readonly #broker: Pick<Broker, "partitionOf">;
  readonly #stages = new Map<number, FeatureStage>();
  readonly #cold: FoundState;
  readonly #partitions: () => number;

  /**
   * @param partitions Number of partitions of the topic, which decides the partition of a customer.
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

  /** Sets the state of an owned partition; undefined when it is no longer owned. */
  set(partition: number, stage: FeatureStage | undefined): void {
    if (stage === undefined) this.#stages.delete(partition);
    else this.#stages.set(partition, stage);
  }

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

/** One state for all customers, updated by what this process scores, or always empty. */
export class OwnState implements FeatureStates {
  readonly #found: FoundState;

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
