import { LatencyHistogram } from "../live/latency_histogram.ts";

/** Counts answered requests by route and status, and the time that each route took. */
export class RequestCounts {
  readonly #answers = new Map<string, { route: string; status: number; count: number }>();
  /** Time to the head of the answer, microseconds, by route. */
  readonly times: Map<string, LatencyHistogram> = new Map();

  /**
   * Counts an answer.
   *
   * @param route The route's own path, never a request's path: callers could make up any number of those.
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

  get answers(): { route: string; status: number; count: number }[] {
    return [...this.#answers.values()];
  }
}
