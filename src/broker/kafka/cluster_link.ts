import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import { deliveryError, isRetriable } from "./failure.ts";
import type { FetchedPartition, FetchRequest } from "./wire/fetch_protocol.ts";
import type { KafkaClient, TopicConnection } from "./client.ts";
import { withDeadline } from "./with_deadline.ts";

/** Errors of a partition that mean: ask who leads it now, then try again. */
const LEADER_MOVED = new Set([3, 5, 6, 9, 56, 74, 75, 76, 78, 100, 103]);
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2000;
const CALL_DEADLINE_MS = 20_000;

/** How a link behaves while the cluster does not answer. */
export interface ClusterLinkOptions {
  /** The cluster as a person would name it. */
  name: string;
  /** The topic that is read. */
  topic: string;
  /** How long nothing may succeed before {@link ClusterLink.recover} gives up, in milliseconds. */
  giveUpMs: number;
  /** How long each call may take, in milliseconds (default 20,000). */
  callDeadlineMs?: number;
}

/** Connections to the leaders of one topic, made anew when the cluster went away and came back. */
export class ClusterLink implements AsyncDisposable {
  readonly #client: KafkaClient;
  readonly #options: ClusterLinkOptions;
  readonly #callDeadlineMs: number;
  #connection: TopicConnection | undefined;
  #isEnded = false;
  #failures = 0;
  #failingSince = 0;

  /** Connects when first used. */
  constructor(client: KafkaClient, options: ClusterLinkOptions) {
    this.#client = client;
    this.#options = options;
    this.#callDeadlineMs = options.callDeadlineMs ?? CALL_DEADLINE_MS;
  }

  /** The node that leads each partition, by number of partition; -1 while there is none. */
  async leaders(): Promise<Map<number, number>> {
    const connection = await this.#connected();
    return await withDeadline(connection.leaders(), this.#callDeadlineMs, "metadata");
  }

  /** Fetches from a node; errors of single partitions are in the answer. */
  async fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]> {
    const connection = await this.#connected();
    const fetching = connection.fetch(nodeId, wanted);
    return await withDeadline(fetching, this.#callDeadlineMs + wanted.maxWaitMs, "answer to a fetch");
  }

  /** First kept offset and the offset after the last record that may be read, of the partitions asked for. */
  async offsets(
    partitions: readonly number[],
  ): Promise<{ partition: number; startOffset: number; endOffset: number }[]> {
    const { topic } = this.#options;
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
          `Cannot tell the offsets of ${topic}/${partition} as ${this.#options.name} must have the partition with a ` +
            `leader: current value is none`,
          { retriable: true },
        );
      }
      return { partition, startOffset, endOffset };
    });
  }

  /** Says that the topic could be read: the time to give up counts anew from the next failure. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * Runs a call again and again, recovering in between, until it succeeds or {@link recover} gives up.
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
   * @throws DeliveryError for an error that no retry mends, or when nothing has succeeded for too long.
   */
  async recover(error: unknown, signal?: AbortSignal): Promise<void> {
    const { topic, name, giveUpMs } = this.#options;
    const now = performance.now();
    if (this.#failures++ === 0) this.#failingSince = now;
    const { explain } = this.#client;
    if (!isRetriable(error, explain) || now - this.#failingSince > giveUpMs) {
      throw deliveryError(`read ${topic}`, `${name} must answer within ${giveUpMs} ms`, error, explain);
    }
    await pause(Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LAST_WAIT_MS), signal);
    if (this.#failures > 1) return this.#disconnect();
    try {
      await withDeadline(this.#connection?.refresh() ?? Promise.resolve(), this.#callDeadlineMs, "metadata");
    } catch {
      // The connections are of no use: the next call makes new ones, and fails in its own name where it cannot.
      this.#disconnect();
    }
  }

  /** What a call threw as an error for people; one that is so already stays as it is. */
  inWords(error: unknown): DeliveryError {
    const { topic, name } = this.#options;
    if (error instanceof DeliveryError) return error;
    return deliveryError(`read ${topic}`, `${name} must answer`, error, this.#client.explain);
  }

  /** Whether an error code of a partition passes once the new leader is known. */
  isLeaderMoved(errorCode: number): boolean {
    return LEADER_MOVED.has(errorCode);
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
    const connecting = this.#client.connect(this.#options.topic);
    let isAwaited = true;
    // Kept open by nobody, it would last until the cluster ends it, and the process with it.
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
    const { topic, name } = this.#options;
    throw new DeliveryError(`Cannot read ${topic} as ${name} must be open: it was closed`, {
      retriable: false,
    });
  }

  #disconnect() {
    if (this.#connection !== undefined) close(this.#connection);
    this.#connection = undefined;
  }
}

/** The outcome of a call, or an error where the signal aborts before; the call itself goes on unheard. */
function unlessAborted<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call;
  return new Promise((resolve, reject) => {
    const giveUp = () =>
      reject(new DeliveryError("no answer in the time that there was", { retriable: true }));
    call.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp);
  });
}

/** Clients wait for open requests, up to their time-outs; nobody needs to wait with them, nor to know how it ended. */
function close(connection: TopicConnection) {
  connection.close().catch(() => {});
}
