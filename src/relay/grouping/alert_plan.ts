/**
 * Which alerts a listener for people gets: one a customer in a window, and no more in a minute than it was asked for.
 *
 * @module
 */
import type { AlertGroup } from "../../alerts/alerts.ts";
import type { FlaggedTransaction } from "../../ledger/ledger.ts";
import type { AlertBudget } from "./alert_budget.ts";
import { Customers, type HeldAlerts, heldOf, joinHeld, sumsOf } from "./held_alerts.ts";

/** An alert to be sent. */
export interface PlannedAlert {
  id: string;
  /** Offset of its transaction; of several, that with the highest score. */
  offset: number;
  /** When it was planned, milliseconds since 1970. */
  plannedAtMs: number;
  group?: AlertGroup;
}

/** Of what a plan is made, and by which rules. */
export interface AlertPlanRules {
  topic: string;
  /** Their partition, from 0. */
  partition: number;
  /** Time in which the alerts of one customer are told together, milliseconds. */
  windowMs: number;
  budget: AlertBudget;
}

/** A customer of whom was told a while ago. */
interface OpenWindow {
  untilMs: number;
  held?: HeldAlerts;
}

interface PlanState {
  version: 1;
  outbox: PlannedAlert[];
  windows: [customer: string, window: OpenWindow][];
  rest: { dueMs: number; held: HeldAlerts } | null;
  times: readonly number[];
}

const REST_AFTER_MS = 60_000;
/** Customers in a window at once; of more than these the rest tells. */
const MOST_WINDOWS = 1000;

/**
 * The alerts of one partition for one listener: those to send now, and what is held for one later alert.
 *
 * A customer's first flagged transaction is an alert at once and opens a window. One alert at the window's end has what
 * was flagged in it, and opens the next window. If the minute's budget is used up, transactions go to the rest: one
 * alert a minute. Each transaction is in exactly one alert. The state is recorded before any of it is sent, so a
 * repeat after a crash sends the same alerts under the same ids.
 */
export class AlertPlan {
  readonly #rules: AlertPlanRules;
  readonly #windows: Map<string, OpenWindow>;
  #rest: PlanState["rest"];
  /** Alerts to be sent, the next one first; who has sent one takes it out. */
  readonly outbox: PlannedAlert[];

  /**
   * Goes on from a recorded state; undefined for none.
   *
   * @throws Error where a newer version recorded it.
   */
  constructor(recorded: string | undefined, rules: AlertPlanRules) {
    const state = recorded === undefined ? undefined : readState(recorded);
    this.#rules = rules;
    this.outbox = state?.outbox ?? [];
    this.#windows = new Map(state?.windows);
    this.#rest = state?.rest ?? null;
    rules.budget.restore(rules.partition, state?.times ?? []);
  }

  /** Takes in flagged transactions, in offset order. */
  take(flagged: readonly FlaggedTransaction[], nowMs: number): void {
    this.#closeWindows(nowMs, false);
    for (const transaction of flagged) {
      const held = heldOf(transaction);
      const open = this.#windows.get(transaction.customerId);
      if (open !== undefined) open.held = joinHeld(open.held, held);
      else if (!this.#tell(transaction.customerId, held, nowMs)) this.#hold(held, nowMs);
    }
  }

  /**
   * Plans the alerts that are due.
   *
   * @param all Whatever is held is due.
   */
  settle(nowMs: number, all: boolean): void {
    this.#closeWindows(nowMs, all);
    if (this.#rest === null || !all && !isDue(this.#rest.dueMs, REST_AFTER_MS, nowMs)) return;
    this.#plan("rest", this.#rest.held, nowMs);
    this.#rest = null;
  }

  /** Time until something that is held is due, milliseconds; Infinity where nothing is held. */
  dueInMs(nowMs: number): number {
    const dueMs = [...this.#windows.values()].map(({ held, untilMs }) =>
      held === undefined ? Infinity : untilMs
    );
    return Math.max(0, Math.min(this.#rest?.dueMs ?? Infinity, ...dueMs) - nowMs);
  }

  /** The state as it is recorded. */
  encode(nowMs: number): string {
    const state: PlanState = {
      version: 1,
      outbox: this.outbox,
      windows: [...this.#windows],
      rest: this.#rest,
      times: this.#rules.budget.times(this.#rules.partition, nowMs),
    };
    return JSON.stringify(state);
  }

  #closeWindows(nowMs: number, all: boolean): void {
    for (const [customer, { untilMs, held }] of [...this.#windows]) {
      const isOver = isDue(untilMs, this.#rules.windowMs, nowMs);
      if (isOver) this.#windows.delete(customer);
      if (held === undefined || !isOver && !all) continue;
      this.#windows.delete(customer);
      if (this.#tell(customer, held, nowMs)) continue;
      this.#hold(held, nowMs);
      if (!isOver) this.#windows.set(customer, { untilMs });
    }
  }

  /** Plans an alert of a customer and opens a window; false where the minute has none left. */
  #tell(customer: string, held: HeldAlerts, nowMs: number): boolean {
    const { budget, partition, windowMs } = this.#rules;
    if (this.#windows.size >= MOST_WINDOWS || !budget.take(partition, nowMs)) return false;
    this.#plan("customer", held, nowMs);
    if (windowMs > 0) this.#windows.set(customer, { untilMs: nowMs + windowMs });
    return true;
  }

  #hold(held: HeldAlerts, nowMs: number): void {
    const { dueMs = nowMs + REST_AFTER_MS, held: before } = this.#rest ?? {};
    this.#rest = { dueMs, held: joinHeld(before, held) };
  }

  #plan(kind: AlertGroup["kind"], held: HeldAlerts, nowMs: number): void {
    const { topic, partition } = this.#rules;
    const { first, last, highest, count } = held;
    const planned = { offset: highest, plannedAtMs: nowMs };
    const place = `${topic}/${partition}/${first}`;
    if (count === 1) return void this.outbox.push({ id: place, ...planned });
    this.outbox.push({ id: `${place}-${last}`, ...planned, group: { kind, ...sumsOf(held) } });
  }
}

/**
 * Whether nothing waits in a recorded state to be sent or told of together.
 *
 * @param recorded Undefined where nothing was recorded.
 */
export function isSettled(recorded: string | undefined): boolean {
  if (recorded === undefined) return true;
  const { outbox, windows, rest } = readState(recorded);
  return outbox.length === 0 && rest === null && windows.every(([, { held }]) => held === undefined);
}

/** Where a clock was put back nothing is due later than a whole time from now on. */
function isDue(dueMs: number, wholeMs: number, nowMs: number): boolean {
  return dueMs <= nowMs || dueMs > nowMs + wholeMs;
}

function readState(recorded: string): PlanState {
  const state: PlanState = JSON.parse(
    recorded,
    (name, value) => name === "customers" && Array.isArray(value) ? new Customers(value) : value,
  );
  if (state.version !== 1) {
    throw new Error(
      `Cannot go on with the alerts as their state must be of version 1: current version is ${state.version}`,
    );
  }
  return state;
}
