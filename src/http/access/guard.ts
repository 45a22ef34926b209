import { isLoopback } from "../address.ts";
import { Problem } from "../problem.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Scope } from "../routes/route.ts";
import type { RefusalReason, RequestLog } from "./request_log.ts";
import { findToken, isExpired, type KeptToken } from "./tokens.ts";

/** Who may call which routes; it is checked before a route sees the request. */
export interface Access {
  /** Without tokens every route is open, but only to this machine. */
  tokens?: { readonly tokens: readonly KeptToken[] };
  /** Limit for each token, or for each address if there are no tokens (default 1,000). */
  requestsPerSecond?: number;
  /** Whether each request is logged where there are tokens (default: yes). */
  log?: boolean;
}

/** Who sends a request, as far as it is known. */
export interface Caller {
  /** The token's name; undefined without tokens, and on routes that need none. */
  readonly name?: string;
  /** False once the token is gone or past its time: an answer that goes on must end then. */
  isAdmitted(): boolean;
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

/** Paths that are answered however many requests are in progress. */
const ALWAYS_ANSWERED: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);
const EVERYBODY: Caller = { isAdmitted: () => true };
const MOST_AT_ONCE = 256;
const BEARER = /^bearer +([\w.~+/=-]{1,512})$/i;

/** Checks requests, and counts those in progress. */
export class Guard {
  readonly #access: Access;
  readonly #limit: RateLimit;
  readonly #log: Pick<RequestLog, "refused">;
  #inHand = 0;

  /** @param log Records callers that may not ask. */
  constructor(access: Access, log: Pick<RequestLog, "refused">) {
    this.#access = access;
    this.#log = log;
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
    const { pathname } = new URL(request.url);
    try {
      checkSite(request, pathname);
      if (this.#access.tokens === undefined) checkLocal(request, address);
    } catch (error) {
      this.#log.refused("not this machine", `a request from ${address}: ${(error as Error).message}`);
      throw error;
    }
    if (this.#inHand >= MOST_AT_ONCE && !ALWAYS_ANSWERED.has(pathname)) {
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
   * @param route The route's own path.
   * @param scope What a token must allow; undefined if everybody may.
   * @throws Problem if the caller may not use it.
   */
  check(request: Request, address: string, route: string, scope: Scope | undefined): Caller {
    const { tokens } = this.#access;
    if (tokens === undefined || scope === undefined) {
      // A flood of other requests leaves those who watch the process their answers.
      this.#count(ALWAYS_ANSWERED.has(route) ? `health ${address}` : address);
      return EVERYBODY;
    }
    const presented = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = presented === undefined ? undefined : findToken(tokens.tokens, presented);
    // Callers without a valid token share their address's limit, which bounds guessing.
    this.#count(token === undefined || isExpired(token) ? address : `token ${token.name}`);
    const refuse = (reason: RefusalReason, problem: Problem) => {
      const whose = token === undefined ? "" : ` with the token ${JSON.stringify(token.name)}`;
      this.#log.refused(reason, `${request.method} ${route} from ${address}${whose}`);
      return problem;
    };
    const header = { "www-authenticate": 'Bearer realm="edgewood"' };
    const invalid = { "www-authenticate": 'Bearer realm="edgewood", error="invalid_token"' };
    if (token === undefined) {
      if (presented === undefined) {
        throw refuse("no token", new Problem(401, "The request needs a token.", header));
      }
      throw refuse(
        "wrong token",
        new Problem(401, "The token is not valid: it is wrong, or it was removed.", invalid),
      );
    }
    if (isExpired(token)) {
      const problem = new Problem(
        401,
        `The token "${token.name}" was valid until ${token.expires_at}.`,
        invalid,
      );
      throw refuse("expired token", problem);
    }
    if (!token.scopes.includes(scope)) {
      throw refuse("scope", new Problem(403, `The token must allow "${scope}".`));
    }
    const { name, sha256 } = token;
    const isAdmitted = () =>
      tokens.tokens.some((each) => each.sha256 === sha256 && each.scopes.includes(scope) && !isExpired(each));
    return { name, isAdmitted };
  }

  #count(caller: string): void {
    if (!this.#limit.take(caller)) {
      throw new Problem(429, "Too many requests; wait a second.", { "retry-after": "1" });
    }
  }
}

/** Headers by which a proxy says for whom it asks. */
const PROXY_HEADER = /^(forwarded|via|x-forwarded-.+|x-real-ip)$/;

/**
 * A page of another site may not make a browser ask here, whether it would see the answer or not. It may lead to the page itself, as a
 * link in a chat does.
 */
function checkSite({ headers, method }: Request, pathname: string): void {
  if (headers.get("sec-fetch-site") !== "cross-site") return;
  const isLink = method === "GET" && pathname === "/" && headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
  if (!isLink) throw new Problem(403, "Another site may not ask here.");
}

/**
 * Without tokens only this machine may call. A page of another site, open in a browser here, must not reach the service under
 * a name of its own (DNS rebinding), nor make the browser write to it. What came through a proxy may be anybody's.
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
  for (const name of headers.keys()) {
    if (!PROXY_HEADER.test(name)) continue;
    throw new Problem(
      403,
      `The service has no tokens, so it answers nobody through a proxy: "${name}" must be absent. Start it with --tokens.`,
    );
  }
  const origin = headers.get("origin");
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead && origin !== null && origin !== `http://${host}`) {
    throw new Problem(403, "Another site may not write here.");
  }
}
