const MINUTE_MS = 60_000;

/**
 * How many alerts of their own a listener is still sent in this minute, over all partitions that one consumer owns.
 *
 * Each partition's times are kept with its state in the ledger, so that a restart does not begin a new minute.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { AlertBudget } from "./alert_budget.ts";
 *
 * const budget = new AlertBudget(2);
 * assertEquals([budget.take(0, 1000), budget.take(1, 2000), budget.take(0, 3000)], [true, true, false]);
 * assertEquals(budget.take(0, 61_500), true);
 * ```
 */
export class AlertBudget {
  readonly #perMinute: number;
  /** By partition, when its alerts of the last minute were planned, milliseconds since 1970. */
  readonly #times = new Map<number, number[]>();

  /** Begins with all of it left; `perMinute` is 1 or more. */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes over the times of a partition that is owned from now on. */
  restore(partition: number, times: readonly number[]): void {
    this.#times.set(partition, [...times]);
  }

  /** Takes one alert for a partition; false where none is left. */
  take(partition: number, nowMs: number): boolean {
    let taken = 0;
    for (const each of this.#times.keys()) taken += this.times(each, nowMs).length;
    if (taken >= this.#perMinute) return false;
    const times = this.#times.get(partition);
    if (times === undefined) this.#times.set(partition, [nowMs]);
    else times.push(nowMs);
    return true;
  }

  /** Times of a partition's alerts in the minute before now; a time after now is of a clock that was put back. */
  times(partition: number, nowMs: number): readonly number[] {
    const recent = (this.#times.get(partition) ?? []).filter((time) =>
      nowMs - time < MINUTE_MS && time <= nowMs
    );
    this.#times.set(partition, recent);
    return recent;
  }
}
