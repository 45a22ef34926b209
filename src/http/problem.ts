/** An error that becomes the answer, as problem details (RFC 9457) that say only what the caller can fix. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** Status of the answer, 400 to 599. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** `detail` is what the caller reads. */
  constructor(status: number, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** The title of each status. */
export const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  413: "Content too large",
  415: "Unsupported media type",
  421: "Misdirected request",
  422: "Unprocessable content",
  429: "Too many requests",
  431: "Request header fields too large",
  500: "Internal server error",
  503: "Service unavailable",
};

/**
 * The answer for a problem.
 */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problemOf(problem)), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...problem.headers },
  });
}

/** The problem as the body of an answer. */
export function problemOf({ status, message }: Problem): Record<string, unknown> {
  return { type: "about:blank", title: TITLES[status] ?? "Error", status, detail: message };
}
