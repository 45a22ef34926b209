import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import type { TopicConnection, WireRequest } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import type { FetchedPartition, FetchRequest } from "./wire/fetch_protocol.ts";
import { withDeadline } from "./with_deadline.ts";

const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2000;
const CALL_DEADLINE_MS = 20_000;
/** Fetches name the topic, not its id: after such a pause another one may have taken the name. */
const LOOK_AGAIN_MS = 1000;

/** Bounds of a link, milliseconds. */
export interface LinkBounds {
  /** How long one call may take. */
  callDeadlineMs?: number;
  /** How long {@link ClusterLink.recover} goes on without a success. */
  giveUpMs?: number;
}

/** Connections to the leaders of one topic, made anew when the cluster went away and came back. */
export class ClusterLink implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly #callDeadlineMs: number;
  readonly #giveUpMs: number;
  #connection: TopicConnection | undefined;
  #isEnded = false;
  #failures = 0;
  #failingSince = 0;
  #fetchedAt = -Infinity;

  /** Connects when first used. */
  constructor(
    cluster: Cluster,
    topic: string,
    { callDeadlineMs = CALL_DEADLINE_MS, giveUpMs = cluster.limits.giveUpMs }: LinkBounds = {},
  ) {
    this.cluster = cluster;
    this.topic = topic;
    this.#callDeadlineMs = callDeadlineMs;
    this.#giveUpMs = giveUpMs;
  }

  /** The node that leads each partition, by number of partition; -1 while there is none. */
  async leaders(): Promise<Map<number, number>> {
    const connection = await this.#connected();
    return await withDeadline(connection.leaders(), this.#callDeadlineMs, "metadata");
  }

  /**
   * Fetches from a node; errors of single partitions are in the answer.
   *
   * @throws DeliveryError, final, if the topic was deleted and made anew.
   */
  async fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]> {
    if (performance.now() - this.#fetchedAt > LOOK_AGAIN_MS) await this.cluster.topic(this.topic, true);
    const connection = await this.#connected();
    const fetching = connection.fetch(nodeId, wanted);
    const fetched = await withDeadline(
      fetching,
      this.#callDeadlineMs + wanted.maxWaitMs,
      "answer to a fetch",
    );
    // A partition that does not answer may be another topic's soon.
    this.#fetchedAt = fetched.some(({ errorCode }) => errorCode !== 0) ? -Infinity : performance.now();
    return fetched;
  }

  /** Sends a request to a node; error codes are in the answer. */
  async send<T>(nodeId: number, request: WireRequest<T>): Promise<T> {
    const connection = await this.#connected();
    const sending = connection.send(nodeId, request);
    return await withDeadline(sending, this.#callDeadlineMs, `answer to ${request.apiName}`);
  }

  /** First kept offset and the offset after the last record that may be read, of the partitions asked for. */
  async offsets(
    partitions: readonly number[],
  ): Promise<{ partition: number; startOffset: number; endOffset: number }[]> {
    const connection = await this.#connected();
    const asking = Promise.all([
      connection.offsets("start", partitions),
      connection.offsets("end", partitions),
    ]);
    const [starts, ends] = await withDeadline(asking, this.#callDeadlineMs, "offsets");
    this.succeeded();
    return partitions.map((partition) => {
      const startOffset = starts.get(partition);
      const endOffset = ends.get(partition);
      if (startOffset === undefined || endOffset === undefined) {
        throw new DeliveryError(
          `Cannot get the offsets of ${this.topic}/${partition} from ${this.cluster.name}: no such partition, or no leader`,
          { retriable: true },
        );
      }
      return { partition, startOffset, endOffset };
    });
  }

  /** The topic could be read: the time until {@link recover} gives up starts anew with the next failure. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * Retries a call, recovering in between, until it succeeds or {@link recover} gives up.
   *
   * @param signal Ends it at once, whatever the call waits for; the last failure is thrown then.
   */
  async persist<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let failure: unknown;;) {
      try {
        return await unlessAborted(call(), signal);
      } catch (error) {
        failure = signal?.aborted ? failure ?? error : error;
        if (!signal?.aborted) await this.recover(error, signal);
        if (signal?.aborted) throw failure;
      }
    }
  }

  /**
   * Waits a little longer each time, then asks anew who leads what; from the second time on over new connections.
   *
   * @throws DeliveryError for a final error, or when nothing has succeeded for `giveUpMs`.
   */
  async recover(error: unknown, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    if (this.#failures++ === 0) this.#failingSince = now;
    const giveUpMs = this.#giveUpMs;
    const action = `read ${this.topic}`;
    if (!this.cluster.isRetriable(error)) throw this.cluster.error(action, error);
    if (now - this.#failingSince > giveUpMs) {
      throw this.cluster.error(`${action} within ${giveUpMs} ms`, error);
    }
    await pause(Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LAST_WAIT_MS), signal);
    if (this.#failures > 1) return this.#disconnect();
    await this.refresh();
  }

  /** Asks anew who leads what. */
  async refresh(): Promise<void> {
    try {
      await withDeadline(this.#connection?.refresh() ?? Promise.resolve(), this.#callDeadlineMs, "metadata");
    } catch {
      // The connections are of no use: the next call makes new ones, and throws its own error if it cannot.
      this.#disconnect();
    }
  }

  /** What a call threw, as a `DeliveryError`. */
  inWords(error: unknown): DeliveryError {
    return error instanceof DeliveryError ? error : this.cluster.error(`read ${this.topic}`, error);
  }

  /** Ends the connections, and those that are being made. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#disconnect();
    return Promise.resolve();
  }

  async #connected(): Promise<TopicConnection> {
    if (this.#connection !== undefined) return this.#connection;
    this.#checkOpen();
    const connecting = this.cluster.client.connect(this.topic);
    let isAwaited = true;
    // An unclosed connection would stay open until the cluster ends it, and keep the process alive.
    connecting.then((late) => isAwaited || close(late), () => {});
    let connection: TopicConnection;
    try {
      connection = await withDeadline(connecting, this.#callDeadlineMs, "connection");
    } catch (error) {
      isAwaited = false;
      throw error;
    }
    // Another call may have been quicker.
    if (this.#connection === undefined && !this.#isEnded) return this.#connection = connection;
    close(connection);
    this.#checkOpen();
    return this.#connection!;
  }

  #checkOpen() {
    if (!this.#isEnded) return;
    throw new DeliveryError(`Cannot read ${this.topic} at ${this.cluster.name}: it was closed`, {
      retriable: false,
    });
  }

  #disconnect() {
    if (this.#connection !== undefined) close(this.#connection);
    this.#connection = undefined;
  }
}

/** The outcome of a call, or an error if the signal aborts first; the call itself goes on unheard. */
function unlessAborted<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new DeliveryError("no answer before the deadline", { retriable: true }));
    call.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp);
  });
}

/** Not awaited: clients wait for open requests, up to their timeouts, and how it ends does not matter. */
function close(connection: TopicConnection) {
  connection.close().catch(() => {});
}
