/** A stored time more than this ahead of a record's was set by a future-dated record, seconds. */
const TRUSTED_AHEAD_S = 86_400;
const LATEST_S = 0xffff_ffff;

/** Whole seconds since 1970 of a time in milliseconds, kept between 1970 and 2106 so that a 32-bit word holds it. */
export function secondsOf(timestampMs: number): number {
  const seconds = Math.floor(timestampMs / 1000);
  return seconds > 0 ? Math.min(seconds, LATEST_S) : 0;
}

/** Seconds from the stored time of a key to the record's time; 0 for a record that is late. */
export function elapsedSeconds(stored: number, now: number): number {
  return now > stored ? now - stored : 0;
}

/**
 * The time to store for a key after a record: the later of both, so that a late record takes nothing back.
 *
 * A stored time more than a day ahead of the record's gives way to it, since one future-dated record would otherwise
 * stop the key's decays until that future has come.
 */
export function storedAfter(stored: number, now: number): number {
  return now > stored || stored - now > TRUSTED_AHEAD_S ? now : stored;
}
