import type { Label } from "../../domain/label.ts";
import type { TransactionColumns } from "../../domain/transaction.ts";
import { CustomerState, type UsualAmount } from "./customer_state.ts";
import { LabelQueue } from "./label_queue.ts";
import { AT_TERMINAL, FRAUD, LABELLED, PRESUMED, RecentTransactions, TAKEN } from "./recent_transactions.ts";
import { type ColumnSet, type CustomerColumns, type RowState, secondsOf } from "./part.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";
import { TerminalState } from "./terminal_state.ts";

/** A labelled fraud with this z or more is put down to the card, not to the terminal. */
const CARD_Z = 2.5;
/** A row moves the clock of the presumption forward by no more than this, seconds. */
const CLOCK_STEP_S = 3600;
const CLOCK_BEHIND_S = 86_400;
/** Rows whose keys are looked up at a time. */
export const LOOKED_UP_ROWS = 64;

/** What the features of a set need the state to keep. */
export interface StateLayout {
  readonly customers: ColumnSet<CustomerColumns>;
  readonly terminals: ColumnSet;
  readonly usesTerminals: boolean;
  readonly usesLabels: boolean;
}

/** Bounds of the state, as `FeaturesOptions` describes them. */
export interface StateSettings {
  maxKeys: number;
  maxTransactions: number;
  /** Infinity for never. */
  presumeLegitimateAfterMs: number;
  usualAmount?: UsualAmount;
}

/**
 * The state behind the features of one stream: customers, terminals, the transactions remembered one by one, and the
 * labels that wait for their time.
 */
export class FeatureState {
  readonly customers: CustomerState;
  readonly terminals: TerminalState;
  readonly recent: RecentTransactions;
  readonly queue: LabelQueue = new LabelQueue();
  labelsApplied = 0;
  labelsRepeated = 0;
  labelsUnattributed = 0;
  transactionsRepeated = 0;
  /** Presumption goes by this time, which single rows far ahead hardly move: seconds since 1970, -1 before the first. */
  #clock = -1;
  /** Where customers and terminals of the rows from `#start` on were when they were looked up, or -1. */
  readonly #customerAt = new Int32Array(LOOKED_UP_ROWS);
  readonly #terminalAt = new Int32Array(LOOKED_UP_ROWS);
  #start = 0;
  /** Kept only so that the reads of a look-up are not optimised away. */
  #warmed = 0;
  readonly #layout: StateLayout;
  readonly #presumes: boolean;

  /** Makes an empty state. */
  constructor(layout: StateLayout, settings: StateSettings) {
    this.#layout = layout;
    this.#presumes = layout.usesLabels && settings.presumeLegitimateAfterMs < Infinity;
    this.customers = new CustomerState(layout.customers, settings.maxKeys, settings.usualAmount);
    this.terminals = new TerminalState(layout.terminals, settings.maxKeys);
    const presumeAfterS = this.#presumes ? Math.ceil(settings.presumeLegitimateAfterMs / 1000) : Infinity;
    this.recent = new RecentTransactions(settings.maxTransactions, presumeAfterS);
  }

  // Words of keys are passed on signed: see `KeyIndex.find`.

  /**
   * Looks up the keys of rows `start` up to `end`, `LOOKED_UP_ROWS` at most, before they are taken one by one.
   *
   * In a tight loop over many keys the waits for memory overlap; in `take`, between other work, they do not.
   */
  lookUp(columns: TransactionColumns, start: number, end: number): void {
    const { transactionKey, customerKey, terminalKey } = columns;
    const { usesTerminals } = this.#layout;
    const customers = this.customers.table;
    const terminals = this.terminals.table;
    let read = 0;
    // All slots first: only a slot tells where the memory of its entry is.
    for (let i = start; i < end; i++) {
      read ^= this.recent.warmSlot(transactionKey[2 * i] | 0, transactionKey[2 * i + 1] | 0);
      read ^= customers.warmSlot(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0);
      if (usesTerminals) {
        read ^= terminals.warmSlot(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
      }
    }
    for (let i = start; i < end; i++) {
      this.#customerAt[i - start] = customers.find(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0);
      if (usesTerminals) {
        this.#terminalAt[i - start] = terminals.find(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
      }
    }
    this.#start = start;
    this.#warmed = read;
  }

  /** Applies the labels known at the row's time, reads the state into the row, and takes in the row, which was looked up. */
  take(columns: TransactionColumns, i: number, row: RowState): void {
    const seconds = row.seconds = secondsOf(row.timestampMs);
    if (this.#layout.usesLabels) this.#reach(row.timestampMs, seconds);
    const { transactionKey, customerKey, terminalKey } = columns;
    const low = transactionKey[2 * i] | 0;
    const high = transactionKey[2 * i + 1] | 0;
    let at = this.recent.find(low, high);
    if (at >= 0 && (this.recent.flags(at) & TAKEN) !== 0) {
      this.transactionsRepeated++;
      this.read(columns, i, row);
      return;
    }
    const customerAt = this.#customerAt[i - this.#start];
    this.customers.take(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0, row, customerAt);
    if (this.#layout.usesTerminals) {
      const terminalAt = this.#terminalAt[i - this.#start];
      this.terminals.take(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0, row, terminalAt);
    }
    if (at < 0) at = this.recent.remember(low, high);
    const takenAt = Math.min(seconds, this.#clock);
    this.recent.setTaken(at, row.z, takenAt, terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
  }

  /** Reads the state into the row and changes nothing. */
  read(columns: TransactionColumns, i: number, row: RowState): void {
    const { customerKey, terminalKey } = columns;
    row.seconds = secondsOf(row.timestampMs);
    this.customers.read(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0, row);
    if (this.#layout.usesTerminals) {
      this.terminals.read(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0, row);
    }
  }

  #reach(timestampMs: number, seconds: number): void {
    while (this.queue.isDue(timestampMs)) {
      if (this.#presumes) this.#presumeUpTo(Math.min(secondsOf(this.queue.nextMs), this.#clock));
      this.#apply(this.queue.next());
    }
    if (!this.#presumes) return;
    const ahead = seconds - this.#clock;
    if (this.#clock < 0) this.#clock = seconds;
    else if (ahead > 0) this.#clock += Math.min(ahead, CLOCK_STEP_S);
    else if (ahead < -CLOCK_BEHIND_S) this.#clock += Math.min(Math.floor(ahead / 16), -CLOCK_STEP_S);
    this.#presumeUpTo(this.#clock);
  }

  #presumeUpTo(clock: number): void {
    this.recent.presumeUpTo(clock, (low, high, seconds) => {
      return this.terminals.label(low, high, { seconds, isFraud: false, atTerminal: false });
    });
  }

  #apply(label: Label): void {
    const { recent, customers, terminals } = this;
    const [low, high] = label.transactionKey;
    const [customerLow, customerHigh] = label.customerKey;
    const [terminalLow, terminalHigh] = label.terminalKey;
    let at = recent.find(low, high);
    const flags = at < 0 ? 0 : recent.flags(at);
    const z = Number.isNaN(label.z) && at >= 0 ? recent.z(at) : label.z;
    const { isFraud } = label;
    if (isFraud && Number.isNaN(z)) this.labelsUnattributed++;
    const seconds = secondsOf(label.labelledAtMs);
    const truth = { seconds, isFraud, atTerminal: isFraud && !(z >= CARD_Z) };
    const truthFlags = LABELLED | (isFraud ? FRAUD : 0) | (truth.atTerminal ? AT_TERMINAL : 0);
    this.labelsApplied++;
    if ((flags & (LABELLED | PRESUMED)) === 0) {
      const ordinal = terminals.label(terminalLow, terminalHigh, truth);
      if (isFraud) customers.label(customerLow, customerHigh, seconds, 1);
      if (at < 0) at = recent.remember(low, high);
      recent.setLabelled(at, truthFlags, ordinal, seconds);
      return;
    }
    if ((flags & LABELLED) !== 0) {
      this.labelsRepeated++;
      if (seconds < recent.truthAt(at)) return;
    }
    const earlier = {
      seconds: recent.labelledAt(at),
      isFraud: (flags & FRAUD) !== 0,
      atTerminal: (flags & AT_TERMINAL) !== 0,
    };
    terminals.relabel(terminalLow, terminalHigh, recent.ordinal(at), earlier, truth);
    if (earlier.isFraud !== isFraud) {
      customers.label(customerLow, customerHigh, earlier.seconds, isFraud ? 1 : -1);
    }
    recent.setTruth(at, truthFlags, seconds);
  }

  /** Copies what another state of the same layout knows of one customer, one terminal, and all customers. */
  copyFrom(
    other: FeatureState,
    customer: readonly [number, number],
    terminal: readonly [number, number],
  ): void {
    this.customers.copyFrom(other.customers, ...customer);
    this.terminals.copyFrom(other.terminals, ...terminal);
  }

  save(out: SnapshotWriter): void {
    const { labelsApplied, labelsRepeated, labelsUnattributed, transactionsRepeated } = this;
    out.numbers([labelsApplied, labelsRepeated, labelsUnattributed, transactionsRepeated, this.#clock]);
    this.customers.save(out);
    this.terminals.save(out);
    this.recent.save(out);
    this.queue.save(out);
  }

  load(from: SnapshotReader): void {
    [
      this.labelsApplied,
      this.labelsRepeated,
      this.labelsUnattributed,
      this.transactionsRepeated,
      this.#clock,
    ] = from.numbers(5);
    this.customers.load(from);
    this.terminals.load(from);
    this.recent.load(from);
    this.queue.load(from);
  }
}
