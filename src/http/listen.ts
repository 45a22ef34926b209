import type { HttpApp } from "./app.ts";

/** Where a service listens. */
export interface HttpAddress {
  /** Name or address, without brackets. */
  hostname: string;
  /** From 1 to 65535; 0 for one that is free. */
  port: number;
}

/** A service that listens. */
export interface HttpServer extends AsyncDisposable {
  /** Where a person would open it. */
  readonly url: string;
}

/** Time for answers in hand when the service ends. */
const END_WITHIN_MS = 3000;

/**
 * Reads `HOST:PORT`, as in `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`.
 *
 * @throws RangeError where it is something else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseAddress } from "./listen.ts";
 *
 * assertEquals(parseAddress("[::1]:8080"), { hostname: "::1", port: 8080 });
 * ```
 */
export function parseAddress(text: string): HttpAddress {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError(
      `Cannot listen as the address must be HOST:PORT, such as 127.0.0.1:8080: current value is "${text}"`,
    );
  }
  return { hostname: bracketed ?? plain, port: Number(port) };
}

/** Whether only this machine can reach the address. */
export function isLoopback({ hostname }: HttpAddress): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Listens, and answers until it is disposed of; then what is in hand is answered first, for 3 s at most.
 *
 * It needs the permission to listen at exactly this address.
 *
 * @throws Deno's error where the address is in use or not of this machine.
 */
export function listen(address: HttpAddress, app: HttpApp): HttpServer {
  const ending = new AbortController();
  const server = Deno.serve({
    ...address,
    signal: ending.signal,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  }, (request, { remoteAddr }) => app.fetch(request, remoteAddr.hostname));
  const { port } = server.addr;
  return {
    url: `http://${hostText({ ...address, port })}/`,
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => ending.abort(), END_WITHIN_MS);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
}

/** `HOST:PORT` as a header has it. */
function hostText({ hostname, port }: HttpAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
