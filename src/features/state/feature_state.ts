import type { Label } from "../../domain/label.ts";
import type { TransactionColumns } from "../../domain/transaction.ts";
import { CustomerState } from "./customer_state.ts";
import { secondsOf } from "./elapsed.ts";
import { LabelQueue } from "./label_queue.ts";
import { AT_TERMINAL, FRAUD, LABELLED, PRESUMED, RecentTransactions, TAKEN } from "./recent_transactions.ts";
import type { StatePart } from "../registry.ts";
import type { RowState } from "./row_state.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";
import { TerminalState } from "./terminal_state.ts";

/** A labelled fraud whose amount was that unusual for its card is put down to the card, not to the terminal. */
const CARD_Z = 2.5;
/** A row moves the clock of the presumption forward by no more than this, seconds. */
const CLOCK_STEP_S = 3600;
const CLOCK_BEHIND_S = 86_400;
/** Rows whose keys are looked up at a time. */
export const LOOKED_UP_ROWS = 64;

/** Bounds of the state, with every default filled in. */
export interface StateSettings {
  /** Customers, and likewise terminals, to remember at most, from 1 to 2^26. */
  maxKeys: number;
  /** Transactions to remember one by one at most, from 1 to 2^26. */
  maxTransactions: number;
  /** Time without a label after which a transaction counts as legitimate; Infinity for never. */
  presumeLegitimateAfterMs: number;
}

/**
 * The state behind the features of one stream: customers, terminals, the transactions remembered one by one, and the
 * labels that wait for their time.
 */
export class FeatureState {
  /** What is known of each customer. */
  readonly customers: CustomerState;
  /** What labels say of each terminal. */
  readonly terminals: TerminalState;
  /** The newest transactions, one by one. */
  readonly recent: RecentTransactions;
  /** Labels offered and not applied yet. */
  readonly queue: LabelQueue = new LabelQueue();
  /** Labels applied since the stream's start. */
  labelsApplied = 0;
  /** Applied labels of transactions that had one already. */
  labelsRepeated = 0;
  /** Applied fraud labels without a z, put down to the terminal for lack of it. */
  labelsUnattributed = 0;
  /** Transactions that came again and did not count a second time. */
  transactionsRepeated = 0;
  /** Follows the rows' times, unmoved by single ones far ahead: what presumption goes by. Seconds since 1970, -1 before the first. */
  #clock = -1;
  /** Where customers and terminals of the rows from `#start` on were when they were looked up, or -1. */
  readonly #customerAt = new Int32Array(LOOKED_UP_ROWS);
  readonly #terminalAt = new Int32Array(LOOKED_UP_ROWS);
  #start = 0;
  /** What the last look-up read; kept only so that the reads are not optimised away. */
  #warmed = 0;
  readonly #usesTerminals: boolean;
  readonly #presumes: boolean;
  readonly #usesLabels: boolean;

  /** Makes an empty state with the parts that the features need. */
  constructor(parts: ReadonlySet<StatePart>, settings: StateSettings) {
    this.#usesLabels = parts.has("terminal-labels") || parts.has("customer-labels");
    const velocity = parts.has("velocity");
    this.#usesTerminals = parts.has("terminal-labels") || velocity;
    this.#presumes = this.#usesLabels && settings.presumeLegitimateAfterMs < Infinity;
    this.customers = new CustomerState(
      { velocity, amounts: parts.has("customer-amounts"), labels: parts.has("customer-labels") },
      settings.maxKeys,
    );
    this.terminals = new TerminalState(velocity, settings.maxKeys);
    const presumeAfterS = this.#presumes ? Math.ceil(settings.presumeLegitimateAfterMs / 1000) : Infinity;
    this.recent = new RecentTransactions(settings.maxTransactions, presumeAfterS);
  }

  // Words of keys are passed on signed: see `KeyIndex.find`.

  /**
   * Looks up the keys of rows `start` up to `end`, `LOOKED_UP_ROWS` at most, before they are taken one by one.
   *
   * In a tight loop over many keys the waits for memory overlap; those of `take` between other work do not.
   */
  lookUp(columns: TransactionColumns, start: number, end: number): void {
    const { transactionKey, customerKey, terminalKey } = columns;
    let read = 0;
    // All slots first, since the memory of an entry is known only from its slot.
    for (let i = start; i < end; i++) {
      read ^= this.recent.warmSlot(transactionKey[2 * i] | 0, transactionKey[2 * i + 1] | 0);
      read ^= this.customers.warmSlot(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0);
      if (this.#usesTerminals) {
        read ^= this.terminals.warmSlot(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
      }
    }
    for (let i = start; i < end; i++) {
      this.#customerAt[i - start] = this.customers.find(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0);
      if (this.#usesTerminals) {
        this.#terminalAt[i - start] = this.terminals.find(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
      }
    }
    this.#start = start;
    this.#warmed = read;
  }

  /** Applies the labels that were known at the row's time, then reads the state into the row and takes the row, which was looked up, in. */
  take(columns: TransactionColumns, i: number, row: RowState): void {
    const seconds = secondsOf(row.timestampMs);
    if (this.#usesLabels) this.#reach(row.timestampMs, seconds);
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
    this.customers.take(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0, seconds, row, customerAt);
    if (this.#usesTerminals) {
      const terminalAt = this.#terminalAt[i - this.#start];
      this.terminals.take(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0, seconds, row, terminalAt);
    }
    if (at < 0) at = this.recent.remember(low, high);
    const takenAt = Math.min(seconds, this.#clock);
    this.recent.setTaken(at, row.z, takenAt, terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0);
  }

  /** Reads the state into the row and changes nothing. */
  read(columns: TransactionColumns, i: number, row: RowState): void {
    const { customerKey, terminalKey } = columns;
    const seconds = secondsOf(row.timestampMs);
    this.customers.read(customerKey[2 * i] | 0, customerKey[2 * i + 1] | 0, seconds, row);
    if (this.#usesTerminals) {
      this.terminals.read(terminalKey[2 * i] | 0, terminalKey[2 * i + 1] | 0, seconds, row);
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
    this.recent.presumeUpTo(clock, ({ terminalLow, terminalHigh, seconds }) => {
      return this.terminals.label(terminalLow, terminalHigh, { seconds, isFraud: false, atTerminal: false });
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

  /** Takes over what another state of the same parts knows of one customer, of one terminal, and of all customers. */
  copyFrom(
    other: FeatureState,
    customer: readonly [number, number],
    terminal: readonly [number, number],
  ): void {
    this.customers.copyFrom(other.customers, ...customer);
    this.terminals.copyFrom(other.terminals, ...terminal);
  }

  /** Writes the state. */
  save(out: SnapshotWriter): void {
    const { labelsApplied, labelsRepeated, labelsUnattributed, transactionsRepeated } = this;
    out.numbers([labelsApplied, labelsRepeated, labelsUnattributed, transactionsRepeated, this.#clock]);
    this.customers.save(out);
    this.terminals.save(out);
    this.recent.save(out);
    this.queue.save(out);
  }

  /** Takes a state that `save` wrote. */
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
