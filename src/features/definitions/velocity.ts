import type { FeatureDefinition } from "../definition.ts";
import type { CustomerColumns, KeyWords, RowState, StatePart } from "../state/part.ts";

const HOUR_S = 3600;
const WEEK_S = 7 * 86_400;
/** Ten minutes, and an hour, as parts of seven days. */
const TEN_MINUTES_SHARE = 600 / WEEK_S;
const HOUR_SHARE = HOUR_S / WEEK_S;
/** Traffic has its rush hours: up to this many times the average of the week is usual. */
const PEAK = 2;

/** Recent transactions of a card or a terminal; each count decays over its time. */
export class Velocity implements CustomerColumns {
  readonly words = 3;
  tenMinutes = 0;
  hour = 0;
  /** Decayed over seven days: the usual. */
  week = 0;

  read({ floats }: KeyWords, at: number, _row: Readonly<RowState>, elapsed: number): void {
    // The week's count is the greatest of the three: where it is 0, as of a new key, nothing decays.
    if (floats[at + 2] === 0) {
      this.tenMinutes = this.hour = this.week = 0;
      return;
    }
    const hourDecay = Math.exp(-elapsed / HOUR_S);
    // An hour has ten minutes six times, so its decay to the power of six is theirs.
    const half = hourDecay * hourDecay * hourDecay;
    this.tenMinutes = floats[at] * half * half;
    this.hour = floats[at + 1] * hourDecay;
    this.week = floats[at + 2] * Math.exp(-elapsed / WEEK_S);
  }

  take({ floats }: KeyWords, at: number): void {
    floats[at] = this.tenMinutes + 1;
    floats[at + 1] = this.hour + 1;
    floats[at + 2] = this.week + 1;
  }

  get tenMinutesBurst(): number {
    return burst(this.tenMinutes, this.week * TEN_MINUTES_SHARE);
  }

  get hourBurst(): number {
    return burst(this.hour, this.week * HOUR_SHARE);
  }
}

/**
 * How far a count exceeds twice the usual, as a multiple of the usual plus one.
 *
 * A seldom used card or shop reaches the size of its burst; a busy shop is measured by its own traffic. A new one has
 * no usual yet, so a busy one counts as a burst for its first days.
 *
 * @param count Recent transactions.
 * @param usual Transactions in that time on a week's average.
 * @returns From -2; 0 at twice the usual.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { burst } from "./velocity.ts";
 *
 * assertEquals(burst(8, 0), 8); // eight where there was nothing before
 * assertEquals(burst(8, 3), 0.5); // eight where three are usual
 * ```
 */
export function burst(count: number, usual: number): number {
  return (count - PEAK * usual) / (1 + usual);
}

function burstSentence(value: number, time: string): string {
  return value < 0.5
    ? `no more transactions of this card or at this terminal in ${time} than usual`
    : `transactions of this card or at this terminal in ${time} ${value.toFixed(1)} times beyond the usual`;
}

/** Counts of both sides. */
export type Velocities = { customer: Velocity; terminal: Velocity };
/** A feature of the velocities. */
export type Definition = FeatureDefinition<Velocities>;

const velocity: StatePart<Velocities> = {
  name: "velocity",
  open: () => ({ customer: new Velocity(), terminal: new Velocity() }),
};

export const customerCount1h: Definition = {
  name: "customer_count_1h",
  kind: "customer",
  window: "1h",
  side: "high",
  unit: "transactions",
  description: "earlier transactions of the customer, decayed over 1 hour",
  needs: velocity,
  sentence: (value) => `some ${value.toFixed(1)} transactions of this card in the last hour`,
  value: (_row, { customer }) => customer.hour,
};

export const terminalCount1h: Definition = {
  name: "terminal_count_1h",
  kind: "terminal",
  window: "1h",
  side: "high",
  unit: "transactions",
  description: "earlier transactions at the terminal in the same partition, decayed over 1 hour",
  needs: velocity,
  sentence: (value) => `some ${value.toFixed(1)} transactions at this terminal in the last hour`,
  value: (_row, { terminal }) => terminal.hour,
};

const bursts = {
  kind: "customer-and-terminal",
  side: "high",
  unit: "times the usual and one",
  needs: velocity,
} as const;

export const burst10m: Definition = {
  ...bursts,
  name: "burst_10m",
  window: "10m",
  range: { floor: 1, ceiling: 1.125 },
  description: burstDescription("10 minutes"),
  sentence: (value) => burstSentence(value, "10 minutes"),
  value: (_row, { customer, terminal }) => Math.max(customer.tenMinutesBurst, terminal.tenMinutesBurst),
};

export const burst1h: Definition = {
  ...bursts,
  name: "burst_1h",
  window: "1h",
  range: { floor: 1.5, ceiling: 1.625 },
  description: burstDescription("1 hour"),
  sentence: (value) => burstSentence(value, "an hour"),
  value: (_row, { customer, terminal }) => Math.max(customer.hourBurst, terminal.hourBurst),
};

function burstDescription(time: string): string {
  return `by how much the earlier transactions of ${time} exceed twice the average of the week before, of the customer ` +
    "or of the terminal in the same partition, whichever is more";
}
