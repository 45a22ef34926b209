/** Where a service listens. */
export interface HttpAddress {
  /** An IP address, without brackets, or `localhost`, which is 127.0.0.1. */
  hostname: string;
  /** From 1 to 65535; 0 for one that is free. */
  port: number;
}

/**
 * Reads `HOST:PORT`, as in `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`.
 *
 * @throws RangeError if it is anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseAddress } from "./address.ts";
 *
 * assertEquals(parseAddress("[::1]:8080"), { hostname: "::1", port: 8080 });
 * ```
 */
export function parseAddress(text: string): HttpAddress {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|(localhost|\d+(?:\.\d+){3})):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError(
      `Cannot listen as the address must be localhost or an IP address, and a port, such as 127.0.0.1:8080: current value is "${text}"`,
    );
  }
  return { hostname: bracketed ?? plain, port: Number(port) };
}

/** Whether only this machine can reach the address. */
export function isLoopback({ hostname }: HttpAddress): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** The IP address of an address to listen at. */
export function ipOf({ hostname }: HttpAddress): string {
  return hostname === "localhost" ? "127.0.0.1" : hostname;
}
