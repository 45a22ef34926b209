import type { z } from "zod";
import type { Hold } from "../connections.ts";
import type { Caller } from "../access/guard.ts";

/** What a token allows: to read, to score transactions, to label. */
export type Scope = "read" | "write" | "label";

/** What a route sees of a request. */
export interface HttpRequest {
  readonly raw: Request;
  /** A named part of the path. */
  param(name: string): string | undefined;
  query(): Record<string, string>;
  /** By a name in lower case. */
  header(name: string): string | undefined;
}

/** A route: which requests it answers, who may send them, and how `/openapi.json` describes it. */
export interface Route {
  method: "get" | "post";
  /** Its path; `:name` stands for one part of it. */
  path: string;
  /** What a token must allow; absent if none is needed. */
  scope?: Scope;
  summary: string;
  query?: z.ZodObject;
  /** Schema of its body, by media type. */
  bodies?: Readonly<Record<string, z.ZodType>>;
  /** Schema of its answer, by media type. */
  answer?: Readonly<Record<string, z.ZodType>>;
  /** Other statuses of its answer, with the same schema, and what they mean. */
  statuses?: Readonly<Record<number, string>>;
  /** Statuses of its own problems. */
  refusals?: readonly number[];
  /** A thrown `Problem` is an answer, too; `hold` counts the memory of body and answer. */
  handle(request: HttpRequest, caller: Caller, hold: Hold): Response | Promise<Response>;
}

/** What a route of JSON answers, and its status (default 200). */
export type Answered<Schema extends z.ZodType> = { answer: z.input<Schema>; status?: number };

/**
 * Makes a route that answers with JSON of one schema: the compiler holds the handler to what `/openapi.json` says.
 */
export function jsonRoute<Schema extends z.ZodType>(
  route: Omit<Route, "answer" | "handle">,
  schema: Schema,
  handle: (
    request: HttpRequest,
    caller: Caller,
    hold: Hold,
  ) => Answered<Schema> | Promise<Answered<Schema>>,
): Route {
  return {
    ...route,
    answer: { "application/json": schema },
    async handle(request, caller, hold) {
      const { status, answer } = await handle(request, caller, hold);
      return jsonResponse(answer, status, hold);
    },
  };
}

/** JSON that no cache keeps. */
export function jsonResponse(value: unknown, status = 200, hold: Hold = () => {}): Response {
  const bytes = encoder.encode(JSON.stringify(value));
  hold(bytes.length);
  return new Response(inPieces(bytes), {
    status,
    headers: {
      "content-type": "application/json",
      "content-length": String(bytes.length),
      "cache-control": "no-store",
    },
  });
}

/** Bytes that are handed on as fast as they are read, so that one who stops reading is noticed and little is copied. */
function inPieces(bytes: Uint8Array<ArrayBuffer>): BodyInit {
  if (bytes.length <= PIECE_BYTES) return bytes;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.subarray(at, at += PIECE_BYTES));
      if (at >= bytes.length) controller.close();
    },
  });
}

const PIECE_BYTES = 65_536;
const encoder = new TextEncoder();

/** A file that is served unchanged. */
export interface ServedFile {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  etag: string;
}

/** A file, or 304 if the caller has it. */
export function fileResponse(request: HttpRequest, { bytes, type, etag }: ServedFile): Response {
  const headers = { etag, "cache-control": "no-cache" };
  if (request.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return new Response(inPieces(bytes), {
    headers: { ...headers, "content-type": type, "content-length": String(bytes.length) },
  });
}
