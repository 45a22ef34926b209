import type { Telemetry } from "../../runtime/telemetry.ts";

/** Why a caller was refused, in words that are the label of a counter. */
export type RefusalReason = "no token" | "wrong token" | "expired token" | "scope" | "not this machine";

/** A request that was answered. */
export interface AnsweredRequest {
  /** Names the request in log and answer. */
  id: string;
  /** The token's name; undefined where there was no token. */
  caller: string | undefined;
  method: string;
  /** The route's own path, never the request's, which may hold ids. */
  route: string;
  status: number;
  /** Until the head of the answer. */
  ms: number;
}

/** Time between two lines about refused callers. */
const SAY_AGAIN_MS = 10_000;
/** Counters of refused callers, by the first word of the name; the other words are the reason. */
export const FAILED_TRIES = "http_failed_tries";

/** The access log, and what is counted and said of refused callers. Neither holds a token or a body. */
export class RequestLog {
  readonly #telemetry: Pick<Telemetry, "log" | "count">;
  readonly #isOn: boolean;
  #unsaid = 0;
  #saidAt = -Infinity;

  /** @param isOn Whether each request is logged; refused callers are counted and said in any case. */
  constructor(telemetry: Pick<Telemetry, "log" | "count">, isOn: boolean) {
    this.#telemetry = telemetry;
    this.#isOn = isOn;
  }

  answered({ id, caller, method, route, status, ms }: AnsweredRequest): void {
    if (!this.#isOn) return;
    this.#telemetry.log(
      "info",
      `http: ${JSON.stringify(caller ?? "-")} ${method} ${route} ${status} ${
        ms.toFixed(1)
      } ms, request ${id}`,
    );
  }

  /** Counts a refused caller; says so at once, then at most every 10 s with the number of those since. */
  refused(reason: RefusalReason, what: string): void {
    this.#telemetry.count(`${FAILED_TRIES} ${reason}`);
    const now = performance.now();
    if (now - this.#saidAt < SAY_AGAIN_MS) return void this.#unsaid++;
    const more = this.#unsaid === 0 ? "" : `; ${this.#unsaid} more were refused since the last such line`;
    this.#telemetry.log("warn", `http: refused (${reason}) ${what}${more}`);
    this.#saidAt = now;
    this.#unsaid = 0;
  }
}
