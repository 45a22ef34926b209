/// <reference lib="dom" />
const TOKEN = "edgewood.token";

/** An answer with an error status, or none at all. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** Status of the answer; 0 if there was none. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The token of this tab's session, or null. */
export function sessionToken(): string | null {
  return sessionStorage.getItem(TOKEN);
}

/** Keeps a token for this session, or removes it. */
export function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/**
 * Sends a request to the page's server, with the token of this session.
 *
 * @param path Such as `/v1/status`.
 * @throws RequestError with the server's words for a status above 299, or status 0 if it does not answer.
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
    throw new RequestError(0, "The server does not answer.", { cause });
  }
  if (response.ok) return response;
  throw new RequestError(response.status, await problemOf(response));
}

/** As `ask`, for the JSON of the answer. */
export async function askJson<T>(path: string, options: RequestInit = {}): Promise<T> {
  return await (await ask(path, options)).json() as T;
}

/** Posts JSON; otherwise as `askJson`. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  return await askJson(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The detail of a problem (RFC 9457), or the status. */
async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    if (detail || title) return (detail ?? title)!;
  }
  return `The server answered ${response.status} ${response.statusText}`.trim() + ".";
}
