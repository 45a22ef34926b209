/**
 * A TCP proxy on loopback that breaks connections in the ways networks do.
 *
 * @module
 */

export type Towards = "target" | "client";

/** What happens when bytes arrive: pass them on, cut the connection before or after that, or drop the bytes. */
export type Passage = "pass" | "cut" | "pass-then-cut" | "drop";

export interface ProxyOptions {
  target: { hostname?: string; port: number };
  /** Port to listen on; any free one by default. */
  port?: number;
  /** Decides about bytes before they pass (default "pass"). "drop" leaves the connection open. */
  inspect?(bytes: Uint8Array, towards: Towards): Passage;
}

/** A running proxy; disposing closes it. */
export interface Proxy extends AsyncDisposable {
  /** The port that clients connect to on 127.0.0.1; it stays the same until the proxy is closed. */
  readonly port: number;
  readonly accepted: number;
  /** Closes every open connection; new ones are served. */
  cut(): void;
  /** Passes no bytes and closes nothing: old and new connections hang. */
  hold(): void;
  /** Closes every open connection and refuses new ones. */
  refuse(): void;
  /** Ends `hold` (held bytes pass) and `refuse` (listens again). */
  resume(): void;
  close(): Promise<void>;
}

/**
 * Opens a proxy to a server; at first it passes everything.
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

/** How reads and writes fail when a connection ends. */
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
