import { retry, type RetryOptions } from "./retry.ts";

/** How long a server may be away before somebody is told, milliseconds. */
const SAY_AFTER_MS = 3_000;

/**
 * Says once in each outage, some seconds into it, which server is waited for, why and until when.
 *
 * @example
 * ```ts
 * import { Waiting } from "./waiting.ts";
 *
 * const waiting = new Waiting("PostgreSQL at db:5432", (line) => console.warn(line));
 * await waiting.retry(() => "it is there, so nothing is said", { deadlineMs: 30_000 });
 * ```
 */
export class Waiting {
  readonly #server: string;
  readonly #say: (line: string) => void;
  readonly #sayAfterMs: number;
  #isSaid = false;

  constructor(server: string, say: (line: string) => void, sayAfterMs = SAY_AFTER_MS) {
    this.#server = server;
    this.#say = say;
    this.#sayAfterMs = sayAfterMs;
  }

  /** Repeats an attempt as `retry` does. */
  retry<T>(
    attempt: (number: number) => Promise<T> | T,
    options: RetryOptions & { deadlineMs: number },
  ): Promise<T> {
    return this.during(options.deadlineMs, (failed) =>
      retry(attempt, {
        ...options,
        onRetry(error, number) {
          failed(error);
          options.onRetry?.(error, number);
        },
      }));
  }

  /**
   * Runs a call that repeats its attempts by itself.
   *
   * @param deadlineMs How long it tries; Infinity for without end.
   * @param call Is given a function to call with the error of each attempt.
   * @param isSilent The call tells of no attempt, so that its duration alone counts.
   */
  async during<T>(
    deadlineMs: number,
    call: (failed: (error: unknown) => void) => Promise<T>,
    isSilent = false,
  ): Promise<T> {
    const until = deadlineMs === Infinity
      ? "it answers"
      : new Date(Date.now() + deadlineMs).toTimeString().slice(0, 8);
    let reason = isSilent ? "no answer yet" : undefined;
    let isDue = false;
    const say = () => {
      if (!isDue || reason === undefined || this.#isSaid) return;
      this.#isSaid = true;
      this.#say(`waiting for ${this.#server}: ${reason}; retrying until ${until}`);
    };
    const timer = setTimeout(() => {
      isDue = true;
      say();
    }, this.#sayAfterMs);
    try {
      const result = await call((error) => {
        reason = reasonOf(error);
        say();
      });
      this.#isSaid = false;
      return result;
    } finally {
      clearTimeout(timer);
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === "string" && /^E[A-Z_]+$/.test(code) ? code : message ?? String(error);
}
