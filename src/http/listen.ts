import { getRequestListener } from "@hono/node-server";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type HttpAddress, ipOf } from "./address.ts";
import type { HttpApp } from "./app.ts";
import { type ConnectionLimits, Connections } from "./connections.ts";
import { Problem, problemOf, problemResponse, TITLES } from "./problem.ts";

/** A service that listens. */
export interface HttpServer extends AsyncDisposable {
  /** Where a person would open it. */
  readonly url: string;
}

/** Time to finish answers when the service ends. */
const END_WITHIN_MS = 3000;
/** Limits of a connection: time for a head, for a whole request and between two requests; bytes of a head. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16_384,
};
/** Status for malformed requests by error code; 400 for all others. */
const BROKEN: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Listens and answers until it is disposed of, which waits for answers in progress, 3 s at most.
 *
 * It uses node:http, since `Deno.serve` has no timeout for a slow head and no limit on heads and connections. It needs the
 * permission to listen at exactly this address.
 *
 * @throws Error that says what to do if the address is in use, belongs to another machine, or may not be listened at.
 */
export async function listen(
  address: HttpAddress,
  app: HttpApp,
  limits: Partial<ConnectionLimits> = {},
): Promise<HttpServer> {
  const connections = new Connections(limits);
  const server = createServer(
    LIMITS,
    getRequestListener(
      (request, { incoming: { socket }, outgoing }) => {
        const hold = connections.asked(socket, outgoing as ServerResponse);
        return app.fetch(request, plainAddress(socket.remoteAddress), hold);
      },
      { overrideGlobalObjects: false, errorHandler: () => problemResponse(new Problem(400, NO_REQUEST)) },
    ),
  );
  server.on("connection", (socket) => connections.opened(socket));
  server.on("clientError", refuse);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(address, cause)));
    server.listen({ host: ipOf(address), port: address.port }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${hostText({ ...address, port })}/`,
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => server.closeAllConnections(), END_WITHIN_MS);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      clearTimeout(timer);
      connections[Symbol.dispose]();
    },
  };
}

const NOT_OWN = "this machine does not have that address; name one of its own, or 0.0.0.0 for all";
/** What is wrong with an address, and what to do, by the system's code. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "another program listens there, perhaps another consume, serve or demo; end it, or name another port",
  EACCES: "this user may not listen at that port; name one above 1023",
  EADDRNOTAVAIL: NOT_OWN,
  EINVAL: NOT_OWN,
  ENOTFOUND: "no such host is known; name an address of this machine",
};

function cannotListen(address: HttpAddress, cause: Error & { code?: string }): Error {
  const advice = ADVICE[cause.code ?? ""];
  return new Error(
    `Cannot listen at ${hostText(address)}: ${
      advice === undefined ? cause.message : `${advice} with --http`
    }`,
    { cause },
  );
}

const NO_REQUEST = "The bytes must be a request of HTTP/1.1.";

/** Answers a malformed request, and ends the connection. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = BROKEN[error.code ?? ""] ?? 400;
  const body = JSON.stringify(problemOf(new Problem(status, NO_REQUEST)));
  socket.end(
    `HTTP/1.1 ${status} ${TITLES[status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Turns an IPv4 address in IPv6 notation into a plain one. */
function plainAddress(address = ""): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** `HOST:PORT` as a header has it. */
function hostText({ hostname, port }: HttpAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
