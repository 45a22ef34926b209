/**
 * Who may ask for what: checked before a route sees a request.
 *
 * @module
 */
import { isLoopback } from "../address.ts";
import { Problem } from "../problem.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Scope } from "../routes/route.ts";
import { findToken, type KeptToken } from "./tokens.ts";

/** Who may ask for what. */
export interface Access {
  /** The tokens; without them everything is open, to this machine alone. */
  tokens?: { readonly tokens: readonly KeptToken[] };
  /** Requests a second of one token, or of one address where there are no tokens (default 1,000). */
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

/** Checks requests, and counts those in hand. */
export class Guard {
  readonly #access: Access;
  readonly #limit: RateLimit;
  #inHand = 0;

  /** Knows of no request yet. */
  constructor(access: Access) {
    this.#access = access;
    const perSecond = access.requestsPerSecond ?? 1000;
    this.#limit = new RateLimit({ perSecond, burst: 2 * perSecond });
  }

  /** Requests in hand. */
  get inHand(): number {
    return this.#inHand;
  }

  /**
   * Lets a request in.
   *
   * @param address Of the caller's end of the connection.
   * @returns Says that it is answered.
   * @throws Problem where it must not be answered.
   */
  enter(request: Request, address: string): Disposable {
    if (this.#access.tokens === undefined) checkLocal(request, address);
    if (this.#inHand >= MOST_AT_ONCE) {
      throw new Problem(503, `There are ${MOST_AT_ONCE} requests in hand already.`, { "retry-after": "1" });
    }
    this.#inHand++;
    return { [Symbol.dispose]: () => void this.#inHand-- };
  }

  /**
   * Checks that the caller may use a route.
   *
   * @param scope What a token must allow; undefined where everybody may.
   * @throws Problem where it may not.
   */
  check(request: Request, address: string, scope: Scope | undefined): void {
    const { tokens } = this.#access;
    if (tokens === undefined || scope === undefined) return this.#count(address);
    const presented = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = presented === undefined ? undefined : findToken(tokens.tokens, presented);
    // Strangers of one address share what it may ask, so that guessing is bounded too.
    this.#count(token === undefined ? address : `token ${token.name}`);
    if (token === undefined) {
      throw new Problem(401, "The request must bear a token.", {
        "www-authenticate": 'Bearer realm="edgewood"',
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
 * Without tokens the service is this machine's alone. A page of another site, open in a browser here, must neither reach
 * it under a name of its own that leads here (DNS rebinding) nor have the browser write to it.
 */
function checkLocal({ headers, method }: Request, address: string): void {
  const host = (headers.get("host") ?? "").toLowerCase();
  const hostname = host.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
  if (!isLoopback({ hostname, port: 0 })) throw new Problem(421, "The service is not called by this name.");
  if (!isLoopback({ hostname: address, port: 0 })) {
    throw new Problem(403, "The service answers this machine alone.");
  }
  const origin = headers.get("origin");
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead && origin !== null && origin !== `http://${host}`) {
    throw new Problem(403, "Another site may not write here.");
  }
}
