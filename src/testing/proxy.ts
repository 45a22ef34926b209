/**
 * A TCP proxy on loopback that breaks connections in the ways networks do.
 *
 * @module
 */

/** Where bytes are on their way to. */
export type Towards = "target" | "client";

/** What becomes of a connection when bytes arrive: they go on, or the connection is cut before or after they went on. */
export type Passage = "pass" | "cut" | "pass-then-cut" | "drop";

/** What the proxy leads to, and how it may interfere. */
export interface ProxyOptions {
  target: { hostname?: string; port: number };
  /** Port to listen on; any free one by default. */
  port?: number;
  /** Looks at all bytes before they go on; "pass" without it. "drop" loses these bytes and leaves the connection open. */
  inspect?(bytes: Uint8Array, towards: Towards): Passage;
}

/** A running proxy; disposing it closes it. */
export interface Proxy extends AsyncDisposable {
  /** The port that clients connect to on 127.0.0.1; it stays the same until the proxy is closed. */
  readonly port: number;
  /** Number of connections that clients have made so far. */
  readonly accepted: number;
  /** Closes every connection there is; new ones are served. */
  cut(): void;
  /** Passes no more bytes either way, and closes nothing: connections hang, and new ones hang too. */
  hold(): void;
  /** Closes every connection there is and takes no new ones, so that clients are refused. */
  refuse(): void;
  /** Ends `hold` (what was held back goes on) and `refuse` (listens again). */
  resume(): void;
  /** Closes everything for good. */
  close(): Promise<void>;
}

/**
 * Opens a proxy to a server, as tests of faults need one; it passes everything on until it is told otherwise.
 *
 * Needs `--allow-net` to the target and to 127.0.0.1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./assert.ts";
 * import { openProxy } from "./proxy.ts";
 *
 * await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("here"));
 * await using proxy = openProxy({ target: { port: server.addr.port } });
 * const answer = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { connection: "close" } });
 * assertEquals(await answer.text(), "here");
 * ```
 */
export function openProxy(options: ProxyOptions): Proxy {
  return new TcpProxy(options);
}

class TcpProxy implements Proxy {
  readonly port: number;
  accepted = 0;
  readonly #options: ProxyOptions;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running = new Set<Promise<void>>();
  #listener: Deno.Listener | undefined;
  /** Resolved while bytes may pass. */
  #gate = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#gate.resolve();
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#run(this.#accept(this.#listener));
  }

  cut() {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  hold() {
    this.#gate = Promise.withResolvers<void>();
  }

  refuse() {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut();
  }

  resume() {
    this.#gate.resolve();
    if (this.#listener !== undefined || this.#closed) return;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#run(this.#accept(this.#listener));
  }

  async close() {
    this.#closed = true;
    this.refuse();
    this.#gate.resolve();
    await Promise.all(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(work: Promise<void>) {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #accept(listener: Deno.Listener) {
    try {
      for await (const client of listener) {
        this.accepted++;
        this.#connections.add(client);
        this.#run(this.#serve(client));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  }

  async #serve(client: Deno.Conn) {
    let target: Deno.Conn;
    try {
      await this.#gate.promise;
      target = await Deno.connect({ hostname: "127.0.0.1", ...this.#options.target });
    } catch (error) {
      // The server is away: so is the proxy, to the client.
      if (error instanceof Deno.errors.NotCapable) throw error;
      this.#drop(client);
      return;
    }
    this.#connections.add(target);
    if (!this.#connections.has(client)) this.#drop(target);
    await Promise.all([this.#pump(client, target, "target"), this.#pump(target, client, "client")]);
    this.#drop(client);
    this.#drop(target);
  }

  /** Passes bytes on until either side ends. */
  async #pump(from: Deno.Conn, to: Deno.Conn, towards: Towards) {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const size = await from.read(buffer);
        await this.#gate.promise;
        if (size === null) break;
        const bytes = buffer.subarray(0, size);
        const passage = this.#options.inspect?.(bytes, towards) ?? "pass";
        if (passage === "pass" || passage === "pass-then-cut") {
          for (let at = 0; at < size;) at += await to.write(bytes.subarray(at));
        }
        if (passage === "cut" || passage === "pass-then-cut") break;
      }
    } catch (error) {
      if (!CLOSED.some((kind) => error instanceof kind)) throw error;
    }
    this.#drop(from);
    this.#drop(to);
  }

  #drop(connection: Deno.Conn) {
    this.#connections.delete(connection);
    close(connection);
  }
}

/** How reading and writing fail where a connection ended under them. */
const CLOSED = [
  Deno.errors.BadResource,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
  Deno.errors.Interrupted,
  Deno.errors.NotConnected,
  Deno.errors.UnexpectedEof,
];

function close(connection: Deno.Conn) {
  try {
    connection.close();
  } catch (error) {
    // Closed before, by the other direction or by cut().
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
