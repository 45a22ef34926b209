import { unpackSnapshot } from "../../consumer/snapshot.ts";
import type { Manifest } from "../../forest/manifest.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { openFeatureStage } from "../../features/stage.ts";
import { coldState, type FeatureStates, type FoundState, newestOf } from "./feature_states.ts";

/**
 * The newest feature state of each partition in a ledger; scoring does not change them.
 *
 * A consumer keeps one from time to time, so they lag behind the stream. A customer is scored with the state that
 * knows it, an unknown customer with the first state, and everyone with an empty one if there is none.
 */
export class SnapshotStates implements FeatureStates {
  readonly #ledger: Ledger;
  readonly #topic: string;
  readonly #manifest: Pick<Manifest, "kind" | "features">;
  /** Where the damaged snapshot of a partition ends. */
  readonly #damaged = new Map<number, number>();
  readonly #onDamage: (message: string) => void;
  readonly #states = new Map<number, FoundState & { nextOffset: number }>();
  /** Why a partition of the topic has no state here. */
  readonly #lacking = new Map<number, string>();
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
    this.#cold = coldState(manifest);
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
      if (snapshot === undefined) {
        this.#lacking.set(partition, "no snapshot yet");
        continue;
      }
      const { nextOffset } = snapshot;
      if (
        nextOffset === this.#states.get(partition)?.nextOffset || nextOffset === this.#damaged.get(partition)
      ) {
        continue;
      }
      try {
        const [{ stateId, takenAtMs, partial }, bytes] = unpackSnapshot(snapshot.bytes);
        const stage = openFeatureStage(this.#manifest);
        if (stateId !== stage.features.stateId) {
          this.#lacking.set(partition, "a snapshot of another model's state");
          continue;
        }
        stage.features.restore(bytes);
        this.#lacking.delete(partition);
        this.#states.set(partition, {
          ...{ stage, partition, nextOffset, advances: false },
          origin: partial === undefined ? "snapshot" : "partial",
          missing: partial?.missing ?? 0,
          get ageS() {
            return takenAtMs === undefined ? null : Math.max(0, Math.round((Date.now() - takenAtMs) / 1000));
          },
        });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#damaged.set(partition, nextOffset);
        this.#lacking.set(partition, "a damaged snapshot");
        this.#onDamage(
          `partition ${partition}: the snapshot up to offset ${nextOffset} is damaged: ${error.message}`,
        );
      }
    }
  }

  of(customerId: string): FoundState {
    return newestOf(this.#states.values(), customerId) ?? this.all()[0];
  }

  all(): FoundState[] {
    return this.#states.size === 0 ? [this.#cold] : [...this.#states.values()];
  }

  /** What is not scored by a state, in words; undefined if every partition has one. */
  get lacking(): string | undefined {
    if (this.#states.size > 0 && this.#lacking.size === 0) return undefined;
    const reasons = Array.from(this.#lacking, ([partition, reason]) => `partition ${partition}: ${reason}`);
    return `${this.#ledger.name} has no feature state for ${
      this.#states.size === 0 ? `the topic ${this.#topic}` : "some partitions"
    }` +
      ` (${
        reasons.join(", ") || "nothing was consumed"
      }), so customers are scored cold, as if they were new; a consumer ` +
      "keeps a snapshot at its end, and from time to time (--snapshot-interval)";
  }
}
