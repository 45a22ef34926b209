/**
 * How npm:minio reaches the server: requests that end in bounded time, and refusals read in one place.
 *
 * @module
 */
import http from "node:http";
import https from "node:https";
import type { ServerClock } from "./clock.ts";
import { S3Refusal, S3Timeout } from "./refusal.ts";

/** What npm:minio takes as its transport, and the connections behind it. */
export interface S3Transport extends Disposable {
  request: typeof http.request;
  agent: http.Agent;
}

/** How requests are made. */
export interface TransportOptions {
  tls: boolean;
  /** PEM text of the authority that the server's certificate must be signed by. */
  authority?: string;
  /** Time limit of a request and its answer, in milliseconds, to which a second is added for each MiB of either body. */
  requestTimeoutMs: number;
  maxSockets: number;
  /** Signs requests anew where the server's time is another. */
  clock: ServerClock;
}

const BYTES_PER_MS = 1024;
/** How much of the body of a refusal is read. */
const REFUSAL_BYTES = 64 * 1024;

/**
 * Makes the transport; disposing it closes its connections.
 *
 * An answer other than 2xx becomes an `S3Refusal`, and one that is not whole in time an `S3Timeout`, both as the error of
 * the request.
 */
export function openTransport(options: TransportOptions): S3Transport {
  const { tls, authority, requestTimeoutMs, maxSockets, clock } = options;
  const settings = { keepAlive: true, maxSockets };
  const agent = tls ? new https.Agent({ ...settings, ca: authority }) : new http.Agent(settings);
  const { request } = tls ? https : http;
  const open = new Set<http.ClientRequest>();

  function bounded(
    requestOptions: http.RequestOptions,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest {
    const sentBytes = Number((requestOptions.headers as Record<string, string>)["content-length"] ?? 0);
    let response: http.IncomingMessage | undefined;
    const timer = new Countdown(requestTimeoutMs + sentBytes / BYTES_PER_MS, () => {
      const error = new S3Timeout(`no whole answer within ${Math.round(timer.limitMs)} ms`);
      if (response === undefined) sent.emit("error", error);
      response?.destroy(error);
      sent.destroy();
    });
    const sent = (request as typeof http.request)(
      { ...clock.sign(requestOptions), ca: authority } as http.RequestOptions,
    );
    open.add(sent);
    const end = () => {
      timer.stop();
      open.delete(sent);
    };
    sent.on("close", end);
    sent.on("error", end);
    sent.on("response", (answer: http.IncomingMessage) => {
      response = answer;
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        timer.extend(Number(answer.headers["content-length"] ?? 0) / BYTES_PER_MS);
        answer.on("end", end);
        // A connection that ends before the body does: not every runtime says so by an error.
        answer.on("close", () => {
          if (!answer.complete) answer.emit("error", new S3Timeout("the connection ended within the answer"));
        });
        onResponse(answer);
      } else {
        readRefusal(answer, (refusal) => {
          end();
          if (refusal instanceof S3Refusal && refusal.code === "RequestTimeTooSkewed") {
            clock.learn(answer.headers.date);
          }
          sent.emit("error", refusal);
        });
      }
    });
    return sent;
  }

  return {
    request: bounded as typeof http.request,
    agent,
    [Symbol.dispose]() {
      for (const sent of open) sent.destroy();
      agent.destroy();
    },
  };
}

function readRefusal(answer: http.IncomingMessage, done: (refusal: Error) => void) {
  const status = answer.statusCode ?? 0;
  let body = "";
  answer.setEncoding("utf8");
  answer.on("data", (text: string) => {
    if (body.length < REFUSAL_BYTES) body += text;
  });
  answer.on("error", done);
  answer.on("end", () => done(new S3Refusal(status, body)));
}

/** Does something when a time that can be made longer is over. */
class Countdown {
  limitMs: number;
  readonly #startedAt = performance.now();
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(limitMs: number, expire: () => void) {
    this.limitMs = limitMs;
    this.#expire = expire;
    this.#timer = setTimeout(expire, limitMs);
  }

  extend(byMs: number) {
    this.limitMs += byMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, this.limitMs - (performance.now() - this.#startedAt));
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
