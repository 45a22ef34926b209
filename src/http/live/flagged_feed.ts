import type { Outcome } from "../../ledger/ledger.ts";

/** A flagged transaction, just committed. */
export interface FlaggedEvent {
  /** `<topic>/<partition>/<offset>`, as in its alert. */
  id: string;
  verdict: string;
}

/** Newest events that are kept for listeners that reconnect. */
const KEPT = 1000;
/** Characters of their verdicts; after more the older ones are forgotten. */
const KEPT_CHARACTERS = 4 << 20;

/** Publishes flagged transactions as they are committed. */
export class FlaggedFeed {
  readonly #kept: FlaggedEvent[] = [];
  #characters = 0;
  readonly #listeners = new Set<(event: FlaggedEvent) => void>();

  committed({ topic, partition, flagged }: Pick<Outcome, "topic" | "partition" | "flagged">): void {
    for (const { offset, verdict } of flagged.slice(-KEPT)) {
      const event = { id: `${topic}/${partition}/${offset}`, verdict };
      this.#kept.push(event);
      this.#characters += verdict.length;
      for (const listener of this.#listeners) listener(event);
    }
    if (this.#kept.length <= 2 * KEPT && this.#characters <= 2 * KEPT_CHARACTERS) return;
    let first = this.#kept.length;
    let characters = 0;
    while (first > Math.max(0, this.#kept.length - KEPT) && characters < KEPT_CHARACTERS) {
      characters += this.#kept[--first].verdict.length;
    }
    this.#kept.splice(0, first);
    this.#characters = characters;
  }

  /** Events after the one with this id; undefined if it is no longer kept. */
  after(id: string): FlaggedEvent[] | undefined {
    const at = this.#kept.findLastIndex((event) => event.id === id);
    return at < 0 ? undefined : this.#kept.slice(at + 1);
  }

  listen(listener: (event: FlaggedEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
