import { unpackSnapshot } from "../../consumer/snapshot.ts";
import type { Manifest } from "../../forest/manifest.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type FeatureStage, openFeatureStage } from "../../features/stage.ts";
import type { FeatureStates, FoundState } from "./feature_states.ts";

/**
 * The newest feature state of each partition in a ledger; scoring does not change them.
 *
 * A consumer writes one every 100,000 records or more, so they lag behind the stream. A customer is scored with the state that
 * knows it, an unknown customer with the first state, and everyone with an empty one if there is none.
 */
export class SnapshotStates implements FeatureStates {
  readonly #ledger: Ledger;
  readonly #topic: string;
  readonly #manifest: Pick<Manifest, "kind" | "features">;
  readonly #stages = new Map<number, { nextOffset: number; stage: FeatureStage }>();
  /** Where the damaged snapshot of a partition ends. */
  readonly #damaged = new Map<number, number>();
  readonly #onDamage: (message: string) => void;
  readonly #cold: FoundState;

  private constructor(
    ledger: Ledger,
    topic: string,
    manifest: Pick<Manifest, "kind" | "features">,
    onDamage: (message: string) => void,
  ) {
    this.#ledger = ledger;
    this.#onDamage = onDamage;
    this.#topic = topic;
    this.#manifest = manifest;
    this.#cold = { stage: openFeatureStage(manifest), origin: "cold", advances: false };
  }

  /**
   * Reads the states of a topic.
   *
   * @param onDamage Told once of each snapshot that is damaged; the state before it, or none, is used.
   */
  static async open(
    ledger: Ledger,
    topic: string,
    manifest: Pick<Manifest, "kind" | "features">,
    onDamage: (message: string) => void,
  ): Promise<SnapshotStates> {
    const states = new SnapshotStates(ledger, topic, manifest, onDamage);
    await states.refresh();
    return states;
  }

  /** Reads newer states from the ledger; a state for other features than the model's is skipped. */
  async refresh(): Promise<void> {
    for (const { topic, partition } of await this.#ledger.partitions()) {
      if (topic !== this.#topic) continue;
      const snapshot = await this.#ledger.queries.snapshot(topic, partition);
      if (snapshot === undefined) continue;
      const { nextOffset } = snapshot;
      if (
        nextOffset === this.#stages.get(partition)?.nextOffset || nextOffset === this.#damaged.get(partition)
      ) {
        continue;
      }
      try {
        const [{ stateId }, bytes] = unpackSnapshot(snapshot.bytes);
        const stage = openFeatureStage(this.#manifest);
        if (stateId !== stage.features.stateId) continue;
        stage.features.restore(bytes);
        this.#stages.set(partition, { nextOffset, stage });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#damaged.set(partition, nextOffset);
        this.#onDamage(
          `partition ${partition}: the snapshot up to offset ${nextOffset} is damaged: ${error.message}`,
        );
      }
    }
  }

  of(customerId: string): FoundState {
    const stages = [...this.#stages.values()];
    const found = stages.find(({ stage }) => stage.features.knows(customerId)) ?? stages[0];
    return found === undefined ? this.#cold : { stage: found.stage, origin: "snapshot", advances: false };
  }
  all(): FeatureStage[] {
    return [...this.#stages.values()].map(({ stage }) => stage);
  }
}
