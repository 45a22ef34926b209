import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Problem } from "./problem.ts";

/** Counts memory of a request and its answer, in bytes, until the answer is sent or the connection ends; throws Problem 503 where there is no more. */
export type Hold = (bytes: number) => void;

/** Bounds over all connections; tests make them smaller. */
export interface ConnectionLimits {
  connections: number;
  /** Of one address. */
  ofPeer: number;
  /** Requests of one connection that are not answered to their end. */
  pipelined: number;
  /** Bodies of requests, and answers that wait to be read, in bytes. */
  heldBytes: number;
  /** A connection that takes nothing of its answer for this long is cut, milliseconds. */
  stalledMs: number;
}

const LIMITS: ConnectionLimits = {
  connections: 1000,
  ofPeer: 500,
  pipelined: 32,
  heldBytes: 64 * 2 ** 20,
  stalledMs: 30_000,
};

interface Connection {
  readonly peer: string | undefined;
  /** Requests that are not answered to their end. */
  busy: number;
  heldBytes: number;
  /** When its last answer was sent, or it was opened. */
  idleAt: number;
  /** Bytes that it has taken, and since when no more. */
  taken: number;
  takenAt: number;
}

/**
 * The open connections of a server, and what they may take.
 *
 * Where there are too many, a new one takes the place of the one that is idle for longest, so that silent ones keep nobody out.
 */
export class Connections implements Disposable {
  readonly #limits: ConnectionLimits;
  readonly #open = new Map<Socket, Connection>();
  readonly #looking: ReturnType<typeof setInterval>;
  #heldBytes = 0;

  constructor(limits: Partial<ConnectionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#looking = setInterval(() => this.#cutStalled(), this.#limits.stalledMs / 6);
  }

  /** Takes a new connection, or cuts it where there are too many and none is idle. */
  opened(socket: Socket): void {
    const peer = socket.remoteAddress;
    const ofPeer = [...this.#open.values()].filter((each) => each.peer === peer).length;
    const isPeerFull = ofPeer >= this.#limits.ofPeer;
    if (isPeerFull || this.#open.size >= this.#limits.connections) {
      const idle = this.#longestIdle(isPeerFull ? peer : undefined);
      if (idle === undefined) return void socket.destroy();
      this.#forget(idle);
      idle.destroy();
    }
    const now = performance.now();
    this.#open.set(socket, { peer, busy: 0, heldBytes: 0, idleAt: now, taken: 0, takenAt: now });
    socket.once("close", () => this.#forget(socket));
  }

  /**
   * Counts a request until its answer is sent.
   *
   * @returns Counts memory for it.
   */
  asked(socket: Socket, outgoing: ServerResponse): Hold {
    const connection = this.#open.get(socket);
    if (connection === undefined || connection.busy >= this.#limits.pipelined) {
      socket.destroy();
      throw new Problem(503, "The connection has too many requests at once.");
    }
    let own = 0;
    connection.busy++;
    outgoing.once("close", () => {
      connection.busy--;
      connection.idleAt = performance.now();
      // What a closed connection held is given back already.
      if (!this.#open.has(socket)) return;
      connection.heldBytes -= own;
      this.#heldBytes -= own;
    });
    return (bytes) => {
      if (this.#heldBytes + bytes > this.#limits.heldBytes) {
        throw new Problem(503, "Too much waits to be read or answered.", { "retry-after": "5" });
      }
      if (!this.#open.has(socket)) return;
      own += bytes;
      connection.heldBytes += bytes;
      this.#heldBytes += bytes;
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }

  #longestIdle(peer: string | undefined): Socket | undefined {
    let found: [Socket, number] | undefined;
    for (const [socket, { busy, idleAt, ...each }] of this.#open) {
      if (busy > 0 || peer !== undefined && each.peer !== peer) continue;
      if (found === undefined || idleAt < found[1]) found = [socket, idleAt];
    }
    return found?.[0];
  }

  #forget(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    this.#open.delete(socket);
    this.#heldBytes -= connection.heldBytes;
  }

  #cutStalled(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#open) {
      const taken = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || taken !== connection.taken) {
        connection.taken = taken;
        connection.takenAt = now;
      } else if (now - connection.takenAt >= this.#limits.stalledMs) socket.destroy();
    }
  }
}
