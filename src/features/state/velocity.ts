const HOUR_S = 3600;
const WEEK_S = 7 * 86_400;
/** Ten minutes, and an hour, as parts of seven days. */
const TEN_MINUTES_SHARE = 600 / WEEK_S;
const HOUR_SHARE = HOUR_S / WEEK_S;
/** Traffic has its hours: twice the average of the week is nothing yet. */
const PEAK = 2;

/** How many transactions a card or a terminal had of late; each count decays over its time. */
export class Velocity {
  /** Decayed over ten minutes. */
  tenMinutes = 0;
  /** Decayed over an hour. */
  hour = 0;
  /** Decayed over seven days, which says what is usual. */
  week = 0;

  /** Takes the counts as of no transaction. */
  clear(): void {
    this.tenMinutes = this.hour = this.week = 0;
  }

  /** Reads the three counts that stand at `at`, and lets so many seconds pass for them. */
  read(floats: Float32Array, at: number, elapsed: number): void {
    // The week's count is the greatest of the three: where it is 0, as of a key that is new, no time need pass.
    if (floats[at + 2] === 0) return this.clear();
    const hourDecay = Math.exp(-elapsed / HOUR_S);
    // An hour has ten minutes six times, so its decay to the power of six is theirs.
    const half = hourDecay * hourDecay * hourDecay;
    this.tenMinutes = floats[at] * half * half;
    this.hour = floats[at + 1] * hourDecay;
    this.week = floats[at + 2] * Math.exp(-elapsed / WEEK_S);
  }

  /** Writes the three counts with one more transaction. */
  write(floats: Float32Array, at: number): void {
    floats[at] = this.tenMinutes + 1;
    floats[at + 1] = this.hour + 1;
    floats[at + 2] = this.week + 1;
  }

  /** The burst of the last ten minutes, see {@link burst}. */
  get tenMinutesBurst(): number {
    return burst(this.tenMinutes, this.week * TEN_MINUTES_SHARE);
  }

  /** The burst of the last hour, see {@link burst}. */
  get hourBurst(): number {
    return burst(this.hour, this.week * HOUR_SHARE);
  }
}

/**
 * How far a number of transactions exceeds twice the usual one, in parts of the usual and one more.
 *
 * A card or shop that is seldom used reaches the size of its burst; a shop that is always busy is measured by its own
 * traffic. One that is new has no usual yet: a busy one counts as a burst for its first days.
 *
 * @param count Transactions of late.
 * @param usual As many as there are in that time on a week's average.
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
