import type { RandomStream } from "../random.ts";

/** Which cards or terminals can be compromised, and how many frauds they shall make. */
export interface CompromiseOptions {
  /** Cards or terminals. */
  readonly nEntities: number;
  /** How long one stays compromised, milliseconds; less if one alone would make more than all shall. */
  readonly durationMs: number;
  /** Frauds a millisecond of all of them together. */
  readonly targetPerMs: number;
  /** Frauds a millisecond to expect of one entity while it is compromised. */
  readonly fraudsPerMs: (entity: number) => number;
  /** Mean of `fraudsPerMs` over all entities. */
  readonly meanFraudsPerMs: number;
  /** Start of the stream, milliseconds since 1970. */
  readonly startMs: number;
}

/**
 * Cards or terminals that are compromised for a fixed time, as often as the wanted number of frauds needs.
 *
 * Another one begins when those at work are expected to fall short of what is owed now plus what a steady stream has in
 * the making (its target times half the duration). So the number of frauds follows the target, however many cards and
 * terminals there are. A stream starts in the middle: some are compromised already.
 */
export class Compromises {
  readonly #random: RandomStream;
  readonly #options: CompromiseOptions;
  /** When each entity's compromise ends, milliseconds after the start; 0 while there was none. */
  readonly #endMs: Float64Array;
  readonly #durationMs: number;
  readonly #steadyFrauds: number;
  #candidate: number;
  /** Entities at work, soonest end first, from `#head` on. */
  #queue: number[] = [];
  #head = 0;
  /** Sum of the rates of those at work, and of their rates times their ends. */
  #rate = 0;
  #rateEnd = 0;

  /** Begins with about as many at work as a long-running stream has. */
  constructor(random: RandomStream, options: CompromiseOptions) {
    this.#random = random;
    this.#options = options;
    this.#endMs = new Float64Array(options.nEntities);
    this.#durationMs = options.durationMs * Math.min(1, options.targetPerMs / options.meanFraudsPerMs);
    this.#steadyFrauds = options.targetPerMs * options.durationMs / 2;
    this.#candidate = random.integer(options.nEntities);
    if (options.targetPerMs > 0) {
      // Candidates that are compromised already count as tries, so that this ends where all of them are.
      let tries = 4 * options.nEntities;
      while (tries-- > 0 && this.#tryBegin(0, 0, this.#durationMs * (1 - random.uniform())));
    }
    this.#queue.sort((a, b) => this.#endMs[a] - this.#endMs[b]);
  }

  /** Moves to a time (milliseconds since 1970, not before the last one) at which `owed` frauds are missing. */
  advance(timeMs: number, owed: number): void {
    const now = timeMs - this.#options.startMs;
    while (this.#head < this.#queue.length && this.#endMs[this.#queue[this.#head]] <= now) {
      const entity = this.#queue[this.#head++];
      const rate = this.#options.fraudsPerMs(entity);
      this.#rate -= rate;
      this.#rateEnd -= rate * this.#endMs[entity];
    }
    if (this.#head === this.#queue.length) this.#rate = this.#rateEnd = 0;
    if (this.#head > 1024 && 2 * this.#head > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.#options.targetPerMs > 0) this.#tryBegin(now, owed, this.#durationMs);
  }

  /** Whether the entity is compromised at a time that `advance` has reached. */
  has(entity: number, timeMs: number): boolean {
    return this.#endMs[entity] > timeMs - this.#options.startMs;
  }

  /**
   * Compromises the candidate if half of its frauds are wanted, and draws the next one; false if none is wanted. A busy
   * candidate waits for its turn: drawing again would favour the quiet ones.
   */
  #tryBegin(now: number, owed: number, durationMs: number): boolean {
    const inTheMaking = this.#rateEnd - this.#rate * now;
    const rate = this.#options.fraudsPerMs(this.#candidate);
    if (owed + this.#steadyFrauds - inTheMaking < rate * durationMs / 2) return false;
    const entity = this.#candidate;
    this.#candidate = this.#random.integer(this.#options.nEntities);
    if (this.#endMs[entity] > now) return true;
    this.#endMs[entity] = now + durationMs;
    this.#queue.push(entity);
    this.#rate += rate;
    this.#rateEnd += rate * (now + durationMs);
    return true;
  }
}
