/// <reference lib="dom" />
import { askJson, RequestError } from "./ask.ts";
import { followEvents } from "./event_stream.ts";
import type { Answer, EventData, FlaggedItem, Now, Status } from "../http/routes/answers.ts";

/** What the page knows of the running service. */
export interface LiveState {
  /** `denied` waits for a token, `lost` for a retry. */
  connection: "connecting" | "live" | "lost" | "denied";
  /** Why the last attempt failed; empty if it did not. */
  problem: string;
  /** At most a few seconds old while the connection is live. */
  status: Status | undefined;
  /** Updated every second. */
  now: Now & { time?: string } | undefined;
  /** Newest first, at most 60; undefined if the service has no ledger to keep them in. */
  flagged: readonly FlaggedItem[] | undefined;
  /** Flagged transactions that the server counted but did not send. */
  skipped: number;
  /** Flagged transactions since the page was opened. */
  told: number;
}

const MOST_FLAGGED = 60;
const REFRESH_MS = 5000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Follows the status and the flagged transactions of the service, and reconnects when the connection is lost. */
export class LiveFeed {
  #state: LiveState = {
    connection: "connecting",
    problem: "",
    status: undefined,
    now: undefined,
    flagged: [],
    skipped: 0,
    told: 0,
  };
  readonly #listeners = new Set<() => void>();
  #running: AbortController | undefined;
  #lastEventId: string | undefined;

  /** A new object after each change. */
  get state(): LiveState {
    return this.#state;
  }

  /** Calls the listener after each change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts to follow, or starts again, such as with another token. */
  start(): void {
    this.stop();
    const running = this.#running = new AbortController();
    this.#follow(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#change({ connection: "connecting", problem: "" });
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      let refreshing: ReturnType<typeof setInterval> | undefined;
      try {
        await this.#refresh(signal);
        if (this.#lastEventId === undefined) await this.#fillFlagged(signal);
        await followEvents("/v1/events", {
          signal,
          lastEventId: this.#lastEventId,
          onOpen: () => {
            waitMs = FIRST_WAIT_MS;
            this.#change({ connection: "live", problem: "" });
            refreshing = setInterval(() => this.#refreshQuietly(signal), REFRESH_MS);
          },
          onEvent: ({ event, data, id }) => {
            if (id !== undefined && id !== "") this.#lastEventId = id;
            this.#take(event, data);
          },
        });
        if (!signal.aborted) {
          this.#change({ connection: "lost", problem: "The server ended the connection." });
        }
      } catch (error) {
        if (signal.aborted) return;
        const isDenied = error instanceof RequestError && (error.status === 401 || error.status === 403);
        this.#change({ connection: isDenied ? "denied" : "lost", problem: (error as Error).message });
        if (isDenied) return;
      } finally {
        clearInterval(refreshing);
      }
      await pause(waitMs * (0.75 + Math.random() / 2), signal);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const status = await askJson<Status>("/v1/status", { signal });
    this.#change({ status, now: status.now });
  }

  #refreshQuietly(signal: AbortSignal): void {
    if (document.hidden) return;
    this.#refresh(signal).catch((error) => {
      if (!signal.aborted) this.#change({ problem: (error as Error).message });
    });
  }

  /** Fetches what was flagged before the page was opened. */
  async #fillFlagged(signal: AbortSignal): Promise<void> {
    try {
      const { flagged } = await askJson<Answer<"flagged">>("/v1/flagged?limit=30", { signal });
      this.#change({ flagged });
      this.#lastEventId = flagged.at(0)?.id;
    } catch (error) {
      if (!(error instanceof RequestError && error.status === 404)) throw error;
      this.#change({ flagged: undefined });
    }
  }

  #take(event: string | undefined, data: string): void {
    const { flagged = [], skipped, told, status } = this.#state;
    if (event === "status") {
      const now = JSON.parse(data) as EventData<"status">;
      this.#change({ now, status: status && { ...status, now } });
    } else if (event === "flagged") {
      const one = JSON.parse(data) as EventData<"flagged">;
      if (flagged.some(({ id }) => id === one.id)) return;
      this.#change({ flagged: [one, ...flagged].slice(0, MOST_FLAGGED), told: told + 1 });
    } else if (event === "skipped") {
      // After a long absence the server knows that there were some, but not how many.
      const count = (JSON.parse(data) as EventData<"skipped">).count ?? 0;
      this.#change({ skipped: skipped + count, told: told + count });
    }
  }

  #change(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
