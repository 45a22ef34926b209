/**
 * How a running consumer is: its lag, its speed, and whether it moves.
 *
 * @module
 */
import type { Lag } from "../broker/broker.ts";

/** What a running consumer says of itself. */
export interface ConsumerStatus {
  /** Records behind the end, by partition. */
  lag: { partition: number; records: number }[];
  /** Committed records a second since the status before. */
  recordsPerS: number;
  /** Longest time from a batch's processing to its commit since the status before, milliseconds; 0 without a batch. */
  batchMs: number;
  /** Failed attempts since the start that were repeated. */
  retries: number;
  /** Offsets that the stream deleted before they were read and whose loss nobody has accepted. */
  lost: number;
  /** Partitions whose feature state is being restored, and how far that is. */
  restoring: { partition: number; replayed: number; records: number }[];
  /** False when nothing was committed for a while though records wait. */
  healthy: boolean;
}

/** Time without a commit, while records wait, after which a consumer is not healthy. */
const STALLED_MS = 30_000;

/**
 * Keeps count of commits between two looks.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { StatusKeeper } from "./status.ts";
 *
 * let now = 0;
 * const keeper = new StatusKeeper(() => now);
 * keeper.committed(500, 12);
 * now = 1000;
 * const status = keeper.look([{ partition: 0, position: 500, endOffset: 700 }], 0);
 * assertEquals([status.recordsPerS, status.lag[0].records, status.healthy], [500, 200, true]);
 * now = 60_000;
 * assertEquals(keeper.look([{ partition: 0, position: 500, endOffset: 900 }], 0).healthy, false);
 * ```
 */
export class StatusKeeper {
  readonly #nowMs: () => number;
  #lookedAt: number;
  #movedAt: number;
  #records = 0;
  #batchMs = 0;

  /** Starts to count. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#lookedAt = this.#movedAt = nowMs();
  }

  /** Notes progress other than a commit. */
  moved(): void {
    this.#movedAt = this.#nowMs();
  }

  /** Takes a commit into account. */
  committed(records: number, batchMs: number): void {
    this.#records += records;
    this.#batchMs = Math.max(this.#batchMs, batchMs);
    this.#movedAt = this.#nowMs();
  }

  /** Says how it is, and begins to count anew. */
  look(lag: readonly Lag[], retries: number): Omit<ConsumerStatus, "lost" | "restoring"> {
    const now = this.#nowMs();
    const behind = lag.map(({ partition, position, endOffset }) => ({
      partition,
      records: Math.max(0, endOffset - position),
    }));
    // Without records that wait there is nothing to move.
    if (behind.every(({ records }) => records === 0)) this.#movedAt = now;
    const status = {
      lag: behind,
      recordsPerS: this.#records / Math.max((now - this.#lookedAt) / 1000, 1e-3),
      batchMs: this.#batchMs,
      retries,
      healthy: now - this.#movedAt < STALLED_MS,
    };
    this.#lookedAt = now;
    this.#records = this.#batchMs = 0;
    return status;
  }
}

/** How far the restoring of a partition's state is. */
export function describeRestoring(
  { partition, replayed, records }: ConsumerStatus["restoring"][number],
): string {
  return `partition ${partition} restores its history: ${replayed} of ${records} records`;
}

/** A status in one line. */
export function describeStatus(
  { lag, recordsPerS, batchMs, retries, lost, restoring, healthy }: ConsumerStatus,
): string {
  const behind = lag.map(({ partition, records }) => `${partition}: ${records}`).join(", ") || "no partition";
  return `${Math.round(recordsPerS).toLocaleString("en-US")} records/s, lag ${behind}, batch ${
    Math.round(batchMs)
  } ms, ` +
    `${retries} retries${lost > 0 ? `, ${lost} offsets LOST` : ""}` +
    `${restoring.map((each) => `, ${describeRestoring(each)}`).join("")}${
      healthy
        ? ""
        : `; NOT HEALTHY: nothing was committed for ${STALLED_MS / 1000} s or more while records wait`
    }`;
}
