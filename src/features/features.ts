import type { Label } from "../label.ts";
import type { TransactionColumns } from "../transaction.ts";
import { type FeatureDefinition, featureRegistry } from "./registry.ts";
import { RowState } from "./row_state.ts";

/** The features of a stream's transactions, and the state that they are read from. */
export interface Features extends FeatureCounts {
  /** Names of the features, in the order of the columns. */
  readonly names: readonly string[];
  /** Number of columns. */
  readonly nFeatures: number;
  /** Whether a transaction's features depend on earlier transactions or labels. */
  readonly stateful: boolean;
  /** Names the definitions and the layout of the state; a snapshot with another one is refused. */
  readonly stateId: string;
  /** Queues a label; transactions at `labelledAtMs` and later see it. */
  offer(label: Label): void;
  /**
   * Writes the raw features of `columns.count` rows to `out`, row-major, row by row: first the offered labels up to the
   * row's time are applied, then the features are read, then the state takes the row in.
   */
  compute(columns: TransactionColumns, out: Float32Array): void;
  /** As `compute`, from the state as it stands: no label is applied and no row taken in. */
  peek(columns: TransactionColumns, out: Float32Array): void;
  /** The whole state as bytes, labels included that were offered and not applied yet. */
  snapshot(): Uint8Array;
  /** Takes the state of a snapshot in the place of its own. Throws `RangeError` where it is damaged or of another state. */
  restore(bytes: Uint8Array): void;
}

/** What the state holds and what became of its records, since the stream's start (snapshots carry the counts on). */
export interface FeatureCounts {
  /** Customers and terminals that the state remembers. */
  readonly keys: number;
  /** Customers and terminals forgotten for the bound `maxKeys`. */
  readonly evicted: number;
}

/** Bounds and rules of the state. */
export interface FeaturesOptions {
  /** Customers, and likewise terminals, to remember at most; the least recently used go first. Default 1,000,000. */
  maxKeys?: number;
}

/**
 * Opens the features of a stream's transactions with an empty state.
 *
 * @param features Names in the registry, or definitions.
 * @throws RangeError for an unknown name, a name given twice, or no feature at all.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openFeatures } from "./features.ts";
 *
 * const features = openFeatures(["amount", "hour", "weekday"]);
 * assertEquals(features.nFeatures, 3);
 * assertEquals(features.stateful, false);
 * ```
 */
export function openFeatures(
  features: readonly (string | FeatureDefinition)[],
  _options: FeaturesOptions = {},
): Features {
  return new StreamFeatures(features.map(definitionOf));
}

function definitionOf(feature: string | FeatureDefinition): FeatureDefinition {
  if (typeof feature !== "string") return feature;
  const definition = featureRegistry.get(feature);
  if (definition === undefined) {
    throw new RangeError(
      `Cannot compute the features as each must be one of ${[...featureRegistry.keys()].join(", ")}: ` +
        `current value is "${feature}"`,
    );
  }
  return definition;
}

class StreamFeatures implements Features {
  readonly names: readonly string[];
  readonly nFeatures: number;
  readonly stateful = false;
  readonly stateId = "stateless";
  readonly keys = 0;
  readonly evicted = 0;
  readonly #row = new RowState();
  readonly #definitions: readonly FeatureDefinition[];

  constructor(definitions: readonly FeatureDefinition[]) {
    this.names = definitions.map((definition) => definition.name);
    if (definitions.length === 0 || new Set(this.names).size < definitions.length) {
      throw new RangeError(
        "Cannot compute the features as there must be at least one and none twice: " +
          `current value is "${this.names.join()}"`,
      );
    }
    this.#definitions = definitions;
    this.nFeatures = definitions.length;
  }

  offer(_label: Label): void {}

  compute(columns: TransactionColumns, out: Float32Array): void {
    const row = this.#row;
    let at = 0;
    for (let i = 0; i < columns.count; i++) {
      row.amount = columns.amount[i];
      row.timestampMs = columns.timestampMs[i];
      for (const definition of this.#definitions) out[at++] = definition.value(row);
    }
  }

  peek(columns: TransactionColumns, out: Float32Array): void {
    this.compute(columns, out);
  }

  snapshot(): Uint8Array {
    return new Uint8Array();
  }

  restore(_bytes: Uint8Array): void {}
}
