/**
 * A route: what answers which requests, who may send them, and what the description of the service says of it.
 *
 * @module
 */

/** What a token allows: to read, to have transactions scored, to label. */
export type Scope = "read" | "write" | "label";

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a route sees of a request. */
export interface HttpRequest {
  /** The request as it came. */
  readonly raw: Request;
  /** A part of the path that the route names. */
  param(name: string): string | undefined;
  /** The parameters after the question mark. */
  query(): Record<string, string>;
  /** A header, by its name in lower case. */
  header(name: string): string | undefined;
}

/** One route. */
export interface Route {
  /** Method of its requests. */
  method: "get" | "post";
  /** Its path; `:name` stands for one part of it. */
  path: string;
  /** What a token must allow; absent where no token is asked for. */
  scope?: Scope;
  /** What it is for, in a sentence. */
  summary: string;
  /** JSON Schema of its parameters, an object's. */
  query?: JsonSchema;
  /** JSON Schema of its body, by media type. */
  bodies?: Readonly<Record<string, JsonSchema>>;
  /** JSON Schema of its answer, by media type. */
  answer?: Readonly<Record<string, JsonSchema>>;
  /** What else its answer may say, by status, with the same schema as `answer`. */
  statuses?: Readonly<Record<number, string>>;
  /** Statuses of problems that are its own. */
  refusals?: readonly number[];
  /** Answers; a thrown `Problem` is an answer, too. */
  handle(request: HttpRequest): Response | Promise<Response>;
}

/** JSON that nobody keeps. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

/** A file that is served as it is. */
export interface ServedFile {
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
  /** What names this content, in quotation marks. */
  etag: string;
}

/** A file, or 304 where the caller has it. */
export function fileResponse(request: HttpRequest, { bytes, type, etag }: ServedFile): Response {
  const headers = { etag, "cache-control": "no-cache" };
  if (request.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers: { ...headers, "content-type": type } });
}
