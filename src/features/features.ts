import { hashId } from "../domain/hash_id.ts";
import type { Label } from "../domain/label.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { FeatureState, LOOKED_UP_ROWS } from "./state/feature_state.ts";
import { describeFeature, type FeatureDefinition, featureRegistry } from "./registry.ts";
import { RowState } from "./state/row_state.ts";
import { type RowWriter, rowWriter } from "./state/row_writer.ts";
import { SnapshotReader, stateIdText } from "./state/snapshot_reader.ts";
import { SnapshotWriter } from "./state/snapshot_writer.ts";

/** Counts up when the same definitions come to mean another state, so that older snapshots are refused. */
const STATE_VERSION = 4;
/** Amounts beyond these count as these, so that neither a square nor a quotient leaves float32. */
const LEAST_AMOUNT = 1e-6;
const MOST_AMOUNT = 1e15;

/** The features of a stream's transactions, and the state that they are read from. */
export interface Features extends FeatureCounts {
  /** Names of the features, in the order of the columns. */
  readonly names: readonly string[];
  /** Number of columns. */
  readonly nFeatures: number;
  /** Whether a transaction's features depend on earlier transactions or labels. */
  readonly stateful: boolean;
  /** Whether they depend on labels; where not, offered labels are passed over. */
  readonly usesLabels: boolean;
  /** Names the definitions and the layout of the state; a snapshot with another one is refused. */
  readonly stateId: string;
  /** Queues a label; transactions at `labelledAtMs` and later see it. Throws RangeError where a time is NaN. */
  offer(label: Label): void;
  /**
   * Writes the raw features of `columns.count` rows to `out`, row-major, row by row: first the offered labels up to the
   * row's time are applied, then the features are read, then the state takes the row in. Throws RangeError where `out`
   * is shorter than count × nFeatures.
   */
  compute(columns: TransactionColumns, out: Float32Array): void;
  /** As `compute`, from the state as it stands: no label is applied and no row taken in. */
  peek(columns: TransactionColumns, out: Float32Array): void;
  /** Whether the state remembers the customer. */
  knows(customerId: string): boolean;
  /**
   * The whole state as bytes, labels included that were offered and not applied yet.
   *
   * @param front Bytes to put before them, a multiple of 4 of them (default none); `restore` takes what follows them.
   */
  snapshot(front?: Uint8Array): Uint8Array;
  /**
   * As `snapshot`, of a state that knows this customer, this terminal and what all customers spend, and nobody else: a
   * transaction of the two has the features from it that it has from the whole state.
   */
  excerpt(customerId: string, terminalId: string): Uint8Array;
  /**
   * Takes the state of a snapshot in the place of its own, which stays as it is where the snapshot is refused. Throws
   * RangeError where it is damaged or of another state.
   */
  restore(bytes: Uint8Array): void;
}

/** What the state holds, and what became of its records since the stream's start (snapshots carry the counts on). */
export interface FeatureCounts {
  /** Customers and terminals that the state remembers. */
  readonly keys: number;
  /** Customers and terminals forgotten for the bound `maxKeys`. */
  readonly evicted: number;
  /** Labels offered and not applied yet. */
  readonly labelsQueued: number;
  /** Labels applied. */
  readonly labelsApplied: number;
  /** Applied labels of transactions that had one already. */
  readonly labelsRepeated: number;
  /** Applied fraud labels without a z, put down to the terminal for lack of it. */
  readonly labelsUnattributed: number;
  /** Transactions that came again and did not count a second time. */
  readonly transactionsRepeated: number;
}

/** Bounds and rules of the state. */
export interface FeaturesOptions {
  /** Customers, and likewise terminals, to remember at most; the least recently used go first. Default 1,000,000. */
  maxKeys?: number;
  /** Transactions to remember one by one, the first go first. Default 250,000. */
  maxTransactions?: number;
  /**
   * Where only frauds are ever labelled: a transaction counts as labelled legitimate when no label came for so long,
   * milliseconds. Default Infinity, never.
   */
  presumeLegitimateAfterMs?: number;
}

/**
 * Opens the features of a stream's transactions with an empty state.
 *
 * The state is a function of the sequence of `offer` and `compute` calls: batch boundaries, snapshots and restores
 * leave every bit as it is. These rules hold for records that are not in order:
 *
 * - A label counts from its application on and never changes what was computed before. Labels with `labelledAtMs` up to
 *   a row's time are applied before it, by `labelledAtMs` and then as offered, even where an earlier row was later.
 * - The second label of a transaction replaces the first one's truth in its place; it is no second transaction. A label
 *   that became known earlier than the one that holds, and comes after it or once more, changes nothing.
 * - A fraud is put down to the card where the card's z at the transaction was 2.5 or more, else to the terminal. z comes
 *   from the label, else from this state's own memory of the transaction; without either it is the terminal's.
 * - A late row lets no time pass and takes nothing back. A key whose time is more than a day ahead of a row was
 *   set by a future-dated one, and goes back to the row's time; such a row costs its own card and terminal their
 *   decayed sums, and no other key anything; but labels up to its date that were offered already count from it on.
 * - A transaction that came before, while it is remembered, is read and not counted again.
 *
 * The state belongs to one partition of transactions keyed by customer, so all of a customer's transactions meet in it.
 * A terminal's do not: its labels must be offered to the state of every partition, and terminal features are functions
 * of them alone. Each partition thus holds all terminals with labels, the price of needing no exchange and no
 * order between partitions. What is not in a label is known to the customer's partition only: z where the label does
 * not carry it, `terminal_count_1h`, the terminals' part of bursts, and presumed legitimate transactions, which make terminals look riskier by up to
 * the number of partitions.
 *
 * @param features Names in the registry, or definitions.
 * @param options Bounds of the state.
 * @throws RangeError for an unknown name, a name given twice, no feature at all, or a bound below 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openFeatures } from "./features.ts";
 *
 * const features = openFeatures(["amount", "z", "terminal_risk_7d"], { maxKeys: 10_000 });
 * assertEquals(features.nFeatures, 3);
 * assertEquals(features.usesLabels, true);
 * ```
 */
export function openFeatures(
  features: readonly (string | FeatureDefinition)[],
  options: FeaturesOptions = {},
): Features {
  const { maxKeys = 1_000_000, maxTransactions = 250_000, presumeLegitimateAfterMs = Infinity } = options;
  for (const [name, value] of Object.entries({ maxKeys, maxTransactions, presumeLegitimateAfterMs })) {
    const most = name === "presumeLegitimateAfterMs" ? Infinity : 2 ** 26;
    if (!(value >= 1 && value <= most) || (most < Infinity && !Number.isInteger(value))) {
      throw new RangeError(
        `Cannot open the features as ${name} must be from 1 to ${most}: current value is ${value}`,
      );
    }
  }
  return new StreamFeatures(features.map(definitionOf), {
    maxKeys,
    maxTransactions,
    presumeLegitimateAfterMs,
  });
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
  readonly stateful: boolean;
  readonly usesLabels: boolean;
  readonly stateId: string;
  readonly #write: RowWriter;
  readonly #stateKey: readonly [number, number];
  readonly #makeState: () => FeatureState;
  readonly #row = new RowState();
  #state: FeatureState;

  constructor(definitions: readonly FeatureDefinition[], settings: Required<FeaturesOptions>) {
    this.names = definitions.map((definition) => definition.name);
    if (definitions.length === 0 || new Set(this.names).size < definitions.length) {
      throw new RangeError(
        "Cannot compute the features as there must be at least one and none twice: " +
          `current value is "${this.names.join()}"`,
      );
    }
    const parts = new Set(definitions.flatMap((definition) => definition.needs));
    this.#write = rowWriter(definitions);
    this.nFeatures = definitions.length;
    this.stateful = parts.size > 0;
    this.usesLabels = parts.has("terminal-labels") || parts.has("customer-labels");
    this.#stateKey = keyOf(definitions, settings.presumeLegitimateAfterMs);
    this.stateId = stateIdText(this.#stateKey);
    this.#makeState = () => new FeatureState(parts, settings);
    this.#state = this.#makeState();
  }

  get keys(): number {
    return this.#state.customers.size + this.#state.terminals.size;
  }

  get evicted(): number {
    return this.#state.customers.evicted + this.#state.terminals.evicted;
  }

  get labelsQueued(): number {
    return this.#state.queue.size;
  }

  get labelsApplied(): number {
    return this.#state.labelsApplied;
  }

  get labelsRepeated(): number {
    return this.#state.labelsRepeated;
  }

  get labelsUnattributed(): number {
    return this.#state.labelsUnattributed;
  }

  get transactionsRepeated(): number {
    return this.#state.transactionsRepeated;
  }

  offer(label: Label): void {
    if (this.usesLabels) this.#state.queue.offer(label);
  }

  compute(columns: TransactionColumns, out: Float32Array): void {
    this.#fill(columns, out, true);
  }

  peek(columns: TransactionColumns, out: Float32Array): void {
    this.#fill(columns, out, false);
  }

  #fill(columns: TransactionColumns, out: Float32Array, take: boolean): void {
    const { count, amount, timestampMs } = columns;
    const { nFeatures } = this;
    const write = this.#write;
    if (out.length < count * nFeatures) {
      throw new RangeError(
        `Cannot compute the features as out must hold ${
          count * nFeatures
        } values: current value is ${out.length}`,
      );
    }
    const row = this.#row;
    const state = this.#state;
    for (let i = 0; i < count; i++) {
      row.amount = amount[i] > LEAST_AMOUNT ? Math.min(amount[i], MOST_AMOUNT) : LEAST_AMOUNT;
      row.timestampMs = timestampMs[i];
      if (this.stateful) {
        if (i % LOOKED_UP_ROWS === 0) state.lookUp(columns, i, Math.min(i + LOOKED_UP_ROWS, count));
        if (take) state.take(columns, i, row);
        else state.read(columns, i, row);
      }
      write(row, out, i * nFeatures);
    }
  }

  snapshot(front?: Uint8Array): Uint8Array {
    const out = new SnapshotWriter();
    this.#state.save(out);
    return out.finish(this.#stateKey, front);
  }

  knows(customerId: string): boolean {
    return this.#state.customers.knows(...hashOf(customerId));
  }

  excerpt(customerId: string, terminalId: string): Uint8Array {
    const part = this.#makeState();
    part.copyFrom(this.#state, hashOf(customerId), hashOf(terminalId));
    const out = new SnapshotWriter();
    part.save(out);
    return out.finish(this.#stateKey);
  }

  restore(bytes: Uint8Array): void {
    const from = new SnapshotReader(bytes, this.#stateKey);
    const state = this.#makeState();
    state.load(from);
    from.end();
    this.#state = state;
  }
}

function hashOf(id: string): [number, number] {
  const bytes = new TextEncoder().encode(id);
  const key = new Uint32Array(2);
  hashId(bytes, 0, bytes.length, key, 0);
  return [key[0], key[1]];
}

function keyOf(definitions: readonly FeatureDefinition[], presumeAfterMs: number): [number, number] {
  return hashOf(JSON.stringify([
    STATE_VERSION,
    String(presumeAfterMs),
    definitions.map((definition) => [definition.name, describeFeature(definition), definition.needs]),
  ]));
}
