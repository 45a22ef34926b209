import { isLoopback } from "../address.ts";
import { Problem } from "../problem.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Scope } from "../routes/route.ts";
import { findToken, type KeptToken } from "./tokens.ts";

/** Who may call which routes; it is checked before a route sees the request. */
export interface Access {
  /** Without tokens every route is open, but only to this machine. */
  tokens?: { readonly tokens: readonly KeptToken[] };
  /** Limit for each token, or for each address if there are no tokens (default 1,000). */
  requestsPerSecond?: number;
}

/** Headers of every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const MOST_AT_ONCE = 256;
const BEARER = /^bearer +([\w.~+/=-]{1,512})$/i;

/** Checks requests, and counts those in progress. */
export class Guard {
  readonly #access: Access;
  readonly #limit: RateLimit;
  #inHand = 0;

  constructor(access: Access) {
    this.#access = access;
    const perSecond = access.requestsPerSecond ?? 1000;
    this.#limit = new RateLimit({ perSecond, burst: 2 * perSecond });
  }

  /** Requests in progress. */
  get inHand(): number {
    return this.#inHand;
  }

  /**
   * Admits a request.
   *
   * @param address Of the caller's end of the connection.
   * @returns To be disposed of once the request is answered.
   * @throws Problem if the request must not be answered.
   */
  enter(request: Request, address: string): Disposable {
    if (this.#access.tokens === undefined) checkLocal(request, address);
    if (this.#inHand >= MOST_AT_ONCE) {
      throw new Problem(503, `Too many requests at once: the limit is ${MOST_AT_ONCE}.`, {
        "retry-after": "1",
      });
    }
    this.#inHand++;
    return { [Symbol.dispose]: () => void this.#inHand-- };
  }

  /**
   * Checks that the caller may use a route.
   *
   * @param scope What a token must allow; undefined if everybody may.
   * @throws Problem if the caller may not use it.
   */
  check(request: Request, address: string, scope: Scope | undefined): void {
    const { tokens } = this.#access;
    if (tokens === undefined || scope === undefined) return this.#count(address);
    const presented = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = presented === undefined ? undefined : findToken(tokens.tokens, presented);
    // Callers without a valid token share their address's limit, which bounds guessing.
    this.#count(token === undefined ? address : `token ${token.name}`);
    if (token === undefined) {
      throw presented === undefined
        ? new Problem(401, "The request needs a token.", { "www-authenticate": 'Bearer realm="edgewood"' })
        : new Problem(401, "The token is not valid: it is wrong, or it was removed.", {
          "www-authenticate": 'Bearer realm="edgewood", error="invalid_token"',
        });
    }
    if (!token.scopes.includes(scope)) throw new Problem(403, `The token must allow "${scope}".`);
  }

  #count(caller: string): void {
    if (!this.#limit.take(caller)) {
      throw new Problem(429, "Too many requests; wait a second.", { "retry-after": "1" });
    }
  }
}

/**
 * Without tokens only this machine may call. A page of another site, open in a browser here, must not reach the service under
 * a name of its own (DNS rebinding), nor make the browser write to it.
 */
function checkLocal({ headers, method }: Request, address: string): void {
  const host = (headers.get("host") ?? "").toLowerCase();
  const hostname = host.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
  if (!isLoopback({ hostname, port: 0 })) {
    throw new Problem(421, "The service does not answer to this host name.");
  }
  if (!isLoopback({ hostname: address, port: 0 })) {
    throw new Problem(403, "The service answers only this machine.");
  }
  const origin = headers.get("origin");
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead && origin !== null && origin !== `http://${host}`) {
    throw new Problem(403, "Another site may not write here.");
  }
}
