import { idKey } from "../domain/hash_id.ts";
import type { Label } from "../domain/label.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { describeFeature, type FeatureDefinition } from "./definition.ts";
import { featureRegistry } from "./registry.ts";
import { rowWriter } from "./row_writer.ts";
import { CUSTOMER_WORDS, type UsualAmount } from "./state/customer_state.ts";
import { FeatureState, LOOKED_UP_ROWS, type StateLayout, type StateSettings } from "./state/feature_state.ts";
import { ColumnSet, type KeyColumns, type PartColumns, RowState, type StatePart } from "./state/part.ts";
import { SnapshotReader, SnapshotWriter, stateIdText } from "./state/snapshot.ts";
import { TERMINAL_LABELS, TERMINAL_WORDS } from "./state/terminal_state.ts";

/** Counts up when the same definitions come to mean another state, so that older snapshots are refused. */
const STATE_VERSION = 4;
/** Amounts beyond these count as these, so that neither a square nor a quotient leaves float32. */
export const LEAST_AMOUNT = 1e-6;
export const MOST_AMOUNT = 1e15;

/** The features of a stream's transactions, and the state that they are read from. */
export interface Features extends FeatureCounts {
  /** Names of the features, in the order of the columns. */
  readonly names: readonly string[];
  /** Number of columns. */
  readonly nFeatures: number;
  /** Whether a transaction's features depend on earlier transactions or labels. */
  readonly stateful: boolean;
  /** Whether they depend on labels; if not, `offer` does nothing. */
  readonly usesLabels: boolean;
  /** Hash of the definitions and the layout of the state; a snapshot with another one is refused. */
  readonly stateId: string;
  /** Queues a label; transactions at `labelledAtMs` and later see it. Throws RangeError where a time is NaN. */
  offer(label: Label): void;
  /**
   * Writes the raw features of `columns.count` rows to `out`, row-major. For each row: applies the offered labels up to
   * its time, reads the features, then takes the row into the state. Throws RangeError where `out` is shorter than
   * count × nFeatures.
   */
  compute(columns: TransactionColumns, out: Float32Array): void;
  /** As `compute`, but leaves the state as it is: no label is applied and no row taken in. */
  peek(columns: TransactionColumns, out: Float32Array): void;
  /** Event time of the customer's latest transaction, seconds since 1970; -1 if the state does not know the customer. */
  lastSeen(customerId: string): number;
  /**
   * The whole state as bytes, with the labels that were offered and not applied yet.
   *
   * @param front Bytes to put before the snapshot, a multiple of 4 (default none); `restore` takes what follows them.
   */
  snapshot(front?: Uint8Array): Uint8Array;
  /**
   * A snapshot of a state that knows only this customer, this terminal and the spending at large: a transaction of the
   * two has the same features from it as from the whole state.
   */
  excerpt(customerId: string, terminalId: string): Uint8Array;
  /** Replaces the state by a snapshot. Throws RangeError, and keeps the state, if it is damaged or of another state. */
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
   * Where only frauds are ever labelled: transactions older than this without a label count as legitimate, milliseconds.
   * Default Infinity, never.
   */
  presumeLegitimateAfterMs?: number;
  /** Of the training: what new customers' amounts are compared with. Default: learned from the stream. */
  usualAmount?: UsualAmount;
}

/**
 * Opens the features of a stream's transactions with an empty state.
 *
 * The state is a function of the sequence of `offer` and `compute` calls: batch boundaries, snapshots and restores
 * leave every bit as it is. These rules hold for records out of order:
 *
 * - A label counts from its application on and never changes what was computed before. Labels with `labelledAtMs` up to
 *   a row's time are applied before it, by `labelledAtMs` and then as offered, even where an earlier row was later.
 * - The second label of a transaction replaces the first one's truth; it is no second transaction. A label that became
 *   known before the one that holds, but arrives after it or again, changes nothing.
 * - A fraud is put down to the card where the card's z at the transaction was 2.5 or more, else to the terminal. z comes
 *   from the label, else from this state's memory of the transaction; without either it is the terminal's.
 * - Late rows do not advance time or undo updates. A key more than one day ahead was set by a future-dated row: reset
 *   it, which loses that key's decayed sums only. Labels up to that future date that were offered already count from
 *   the future-dated row on.
 * - A remembered transaction that comes again is read and not counted again.
 *
 * The state belongs to one partition of transactions keyed by customer, so all of a customer's transactions meet in it.
 * A terminal's do not: its labels must be offered to the state of every partition, and terminal features are functions
 * of them alone. Each partition thus holds all labelled terminals; in return partitions need no exchange and no common
 * order. Only the customer's partition knows what is not in a label: z where the label lacks it, `terminal_count_1h`,
 * the terminals' part of bursts, and presumed legitimate transactions, which make terminals look riskier by up to the
 * number of partitions.
 *
 * @param features Names in the registry, or definitions.
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
  const settings = { maxKeys, maxTransactions, presumeLegitimateAfterMs };
  for (const [name, value] of Object.entries(settings)) {
    const most = name === "presumeLegitimateAfterMs" ? Infinity : 2 ** 26;
    if (!(value >= 1 && value <= most) || (most < Infinity && !Number.isInteger(value))) {
      throw new RangeError(
        `Cannot open the features as ${name} must be from 1 to ${most}: current value is ${value}`,
      );
    }
  }
  return new StreamFeatures(features.map(definitionOf), { ...settings, usualAmount: options.usualAmount });
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

/** Opens the parts that a set of features needs: the columns by part, and where each has its place. */
function openParts(definitions: readonly FeatureDefinition[]): [Map<StatePart, PartColumns>, StateLayout] {
  const known = [...featureRegistry.values(), ...definitions].flatMap(({ needs }) => needs ?? []);
  const opened = new Map(known.map((part) => [part, part.open()]));
  const needed = new Set(definitions.map(({ needs }) => needs));
  /** The place of a part is the same in every set: a table is as wide as the last part that its set needs. */
  const place = <C extends KeyColumns>(first: number, columnsOf: (part: PartColumns) => C | undefined) => {
    const placed: { columns: C; at: number }[] = [];
    let at = first;
    for (const [part, columns] of opened) {
      const own = columnsOf(columns);
      if (own === undefined) continue;
      if (needed.has(part)) placed.push({ columns: own, at });
      at += own.words;
    }
    return new ColumnSet(placed);
  };
  const customers = place(CUSTOMER_WORDS, ({ customer }) => customer);
  const terminals = place(TERMINAL_WORDS, ({ terminal }) => terminal);
  const labelsTerminals = needed.has(TERMINAL_LABELS);
  return [opened, {
    customers,
    terminals,
    usesTerminals: labelsTerminals || terminals.words > 0,
    usesLabels: labelsTerminals || customers.takesLabels,
  }];
}

class StreamFeatures implements Features {
  readonly names: readonly string[];
  readonly nFeatures: number;
  readonly stateful: boolean;
  readonly usesLabels: boolean;
  readonly stateId: string;
  readonly #write: ReturnType<typeof rowWriter>;
  readonly #stateKey: readonly [number, number];
  readonly #makeState: () => FeatureState;
  readonly #row = new RowState();
  #state: FeatureState;

  constructor(definitions: readonly FeatureDefinition[], settings: StateSettings) {
    this.names = definitions.map((definition) => definition.name);
    if (definitions.length === 0 || new Set(this.names).size < definitions.length) {
      throw new RangeError(
        "Cannot compute the features as there must be at least one and none twice: " +
          `current value is "${this.names.join()}"`,
      );
    }
    const [opened, layout] = openParts(definitions);
    this.#write = rowWriter(definitions, definitions.map(({ needs }) => needs && opened.get(needs) || {}));
    this.nFeatures = definitions.length;
    this.stateful = definitions.some(({ needs }) => needs !== undefined);
    this.usesLabels = layout.usesLabels;
    this.#stateKey = keyOf(definitions, settings);
    this.stateId = stateIdText(this.#stateKey);
    this.#makeState = () => new FeatureState(layout, settings);
    this.#state = this.#makeState();
  }

  get keys(): number {
    return this.#state.customers.table.size + this.#state.terminals.table.size;
  }

  get evicted(): number {
    return this.#state.customers.table.evicted + this.#state.terminals.table.evicted;
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

  lastSeen(customerId: string): number {
    return this.#state.customers.lastSeen(...idKey(customerId));
  }

  excerpt(customerId: string, terminalId: string): Uint8Array {
    const part = this.#makeState();
    part.copyFrom(this.#state, idKey(customerId), idKey(terminalId));
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

function keyOf(
  definitions: readonly FeatureDefinition[],
  { presumeLegitimateAfterMs, usualAmount }: StateSettings,
): [number, number] {
  return idKey(JSON.stringify([
    STATE_VERSION,
    String(presumeLegitimateAfterMs),
    ...usualAmount === undefined ? [] : [usualAmount.mean, usualAmount.spread],
    definitions.map((definition) => [
      definition.name,
      describeFeature(definition),
      definition.needs === undefined ? [] : [definition.needs.name],
    ]),
  ]));
}
