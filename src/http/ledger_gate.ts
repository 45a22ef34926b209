import type { Ledger } from "../ledger/ledger.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { Problem } from "./problem.ts";

/** What requests need of the ledger. */
export type AskedLedger = Pick<Ledger, "name" | "find" | "labels" | "queries">;

/** How long a request waits for the ledger. */
const ANSWER_WITHIN_MS = 5000;
/** How long it waits while attempts fail: a connection that the server closed is replaced in less. */
const FAILING_MS = 500;
const LOOK_MS = 50;
/** While it is away, one request in this time asks it all the same. */
const PROBE_EVERY_MS = 1000;

/**
 * The ledger as requests ask it: one that is away is a 503 at once, where the consumer waits for it.
 *
 * A call that takes too long goes on in the background. While one does, and none that began later was answered, further requests
 * are refused without asking, but for one a second.
 *
 * @param withinMs How long a request waits.
 */
export function gatedLedger(ledger: Ledger, withinMs: number = ANSWER_WITHIN_MS): AskedLedger {
  /** When each call that was given up began; it may still be answered. */
  const overdue = new Set<number>();
  let answeredAt = -Infinity;
  let askedAt = -Infinity;

  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const isAway = overdue.size > 0 && [...overdue].every((since) => since > answeredAt);
    if (isAway && startedAt - askedAt < PROBE_EVERY_MS) throw away();
    askedAt = startedAt;
    const failedBefore = ledger.failedAttempts ?? 0;
    let timer: ReturnType<typeof setInterval> | undefined;
    const late = new Promise<never>((_, reject) => {
      let failingAt = Infinity;
      timer = setInterval(() => {
        const now = performance.now();
        if ((ledger.failedAttempts ?? 0) > failedBefore) failingAt = Math.min(failingAt, now);
        if (now - startedAt < withinMs && now - failingAt < FAILING_MS) return;
        overdue.add(startedAt);
        reject(away());
      }, LOOK_MS);
    });
    const answer = call();
    const done = () => void overdue.delete(startedAt);
    answer.then(() => answeredAt = startedAt, () => {}).finally(done);
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof DeliveryError && error.retriable) throw away(error);
      throw error;
    } finally {
      clearInterval(timer);
    }
  };
  const gated = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => ask(() => value.apply(target, args));
      },
    });
  return {
    name: ledger.name,
    find: (transactionId) => ask(() => ledger.find(transactionId)),
    labels: gated(ledger.labels),
    queries: gated(ledger.queries),
  };
}

function away(cause?: Error): Problem {
  const problem = new Problem(
    503,
    "The ledger does not answer now. A label that was sent may be recorded or not.",
    {
      "retry-after": "5",
    },
  );
  problem.cause = cause;
  return problem;
}
