/// <reference lib="dom" />
/**
 * Requests to the server that served the page, with the token of this session.
 *
 * @module
 */

const TOKEN = "edgewood.token";

/** What the server said in the place of an answer. */
export class RequestError extends Error {
  /** Tells it from other errors. */
  override readonly name = "RequestError";
  /** Status of the answer; 0 where there was none. */
  readonly status: number;

  /** Makes the error of one answer. */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The token of this session, or null; it is forgotten with the tab. */
export function sessionToken(): string | null {
  return sessionStorage.getItem(TOKEN);
}

/** Keeps a token for this session, or forgets it. */
export function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/**
 * Sends a request and gives its answer.
 *
 * @param path Such as `/v1/status`.
 * @throws RequestError with the server's own words for every status beyond 299, and with status 0 where it can't be reached.
 */
export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  const token = sessionToken();
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-store", ...options, headers });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new RequestError(0, "The server cannot be reached.", { cause });
  }
  if (response.ok) return response;
  throw new RequestError(response.status, await problemOf(response));
}

/** Sends a request and gives the JSON of its answer; otherwise as `ask`. */
export async function askJson<T>(path: string, options: RequestInit = {}): Promise<T> {
  return await (await ask(path, options)).json() as T;
}

/** Posts JSON and gives the JSON of its answer; otherwise as `ask`. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  return await askJson(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The detail of a problem (RFC 9457), or what the status says. */
async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    if (detail || title) return (detail ?? title)!;
  }
  return `The server answered ${response.status} ${response.statusText}`.trim() + ".";
}
