import { LatencyHistogram } from "../live/latency_histogram.ts";

/** Requests that were answered, by route and status, and the time that each route took. */
export class RequestCounts {
  readonly #answers = new Map<string, { route: string; status: number; count: number }>();
  /** Time to the head of the answer, microseconds, by route. */
  readonly times: Map<string, LatencyHistogram> = new Map();

  /**
   * Takes an answer into account.
   *
   * @param route The route's own path, never the path of a request: what callers make up does not add to the counts.
   */
  add(route: string, status: number, ms: number): void {
    const key = `${route} ${status}`;
    const known = this.#answers.get(key);
    if (known === undefined) this.#answers.set(key, { route, status, count: 1 });
    else known.count++;
    let times = this.times.get(route);
    if (times === undefined) this.times.set(route, times = new LatencyHistogram());
    times.add(ms * 1000);
  }

  /** The counts. */
  get answers(): { route: string; status: number; count: number }[] {
    return [...this.#answers.values()];
  }
}
