import type { SimulatedEvent } from "../../../src/simulate/events/event.ts";

/**
 * Splits events in order into those before a time and those from it on; the first part must be read to its end first.
 *
 * @param atMs Event time of a transaction, or the time at which a label became known; milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { simulate } from "../../../src/simulate/simulate.ts";
 * import { splitEvents } from "./split_events.ts";
 *
 * const start = Date.UTC(2026, 0, 1);
 * const events = [...simulate({ randomSeed: 1, start, count: 500 })];
 * const { before, after } = splitEvents(events, start + 86_400_000);
 * const [first, second] = [[...before], [...after]];
 * assertEquals([...first, ...second], events);
 * assertEquals(first.every((event) => event.kind === "label" || event.transaction.timestamp < "2026-01-02"), true);
 * ```
 */
export function splitEvents<T extends SimulatedEvent>(
  events: Iterable<T>,
  atMs: number,
): { before: Iterable<T>; after: Iterable<T> } {
  const iterator = events[Symbol.iterator]();
  let held: T | undefined;
  function* before() {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      if (timeOf(next.value) >= atMs) {
        held = next.value;
        return;
      }
      yield next.value;
    }
  }
  function* after() {
    if (held !== undefined) yield held;
    for (let next = iterator.next(); !next.done; next = iterator.next()) yield next.value;
  }
  return { before: before(), after: after() };
}

function timeOf(event: SimulatedEvent): number {
  return Date.parse(event.kind === "label" ? event.label.labelled_at : event.transaction.timestamp);
}
