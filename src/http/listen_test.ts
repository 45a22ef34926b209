import { assert, assertEquals } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import type { HttpApp } from "./app.ts";
import { Problem, problemResponse } from "./problem.ts";
import { listen } from "./listen.ts";
import { jsonResponse } from "./routes/route.ts";
import { openTestingApp } from "./testing/app.ts";

const encoder = new TextEncoder();

/** Connects and sends text. */
async function connect(url: string, text = ""): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(encoder.encode(text));
  return connection;
}

/** The status of a request on a connection of its own; undefined where there is no answer. */
async function statusOf(url: string, path: string): Promise<number | undefined> {
  using connection = await connect(
    url,
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  const bytes = new Uint8Array(64);
  const count = await connection.read(bytes).catch(() => null);
  return count === null ? undefined : Number(new TextDecoder().decode(bytes).slice(9, 12));
}

/** Reads to the end of a connection. */
async function rest(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of connection.readable) text += decoder.decode(bytes, { stream: true });
  } catch {
    // It was cut.
  }
  return text;
}

Deno.test("listen() answers however many silent connections there are", async () => {
  await using app = await openTestingApp();
  await using server = await listen({ hostname: "127.0.0.1", port: 0 }, app.withAccess({}));
  const silent = await Promise.all(
    Array.from(
      { length: 1100 },
      (_, i) => connect(server.url, i % 2 ? "GET /v1/status HTTP/1.1\r\nHost:" : ""),
    ),
  );
  for (let i = 0; i < 5; i++) assertEquals(await statusOf(server.url, "/healthz"), 200);
  for (const connection of silent) connection.close();
});

Deno.test("listen() gives the place of an idle connection to a new one, of a busy one to none", async () => {
  const answers: (() => void)[] = [];
  const app: HttpApp = {
    inHand: 0,
    fetch: ({ url }) =>
      url.endsWith("/slow")
        ? new Promise((resolve) => answers.push(() => resolve(new Response("slow"))))
        : Promise.resolve(new Response("fast")),
  };
  await using server = await listen({ hostname: "127.0.0.1", port: 0 }, app, { connections: 4, ofPeer: 3 });
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const slow = [await connect(server.url, get("/slow")), await connect(server.url, get("/slow"))];
  await until(() => answers.length === 2);
  const idle = [await connect(server.url), await connect(server.url)];
  assertEquals(await rest(idle[0]), "");
  assertEquals(await statusOf(server.url, "/fast"), 200);
  assertEquals(await rest(idle[1]), "");
  slow.push(await connect(server.url, get("/slow")));
  await until(() => answers.length === 3);
  assertEquals(await statusOf(server.url, "/fast"), undefined);
  answers.forEach((answer) => answer());
  const bytes = new Uint8Array(16);
  for (const connection of slow) {
    assert((await connection.read(bytes))! > 0);
    connection.close();
  }
});

Deno.test("listen() bounds what answers hold that nobody reads, and cuts who takes nothing", async () => {
  const big = "x".repeat(8 * 2 ** 20);
  const app: HttpApp = {
    inHand: 0,
    fetch: (_request, _address, hold) => {
      try {
        return Promise.resolve(jsonResponse(big, 200, hold));
      } catch (error) {
        return Promise.resolve(problemResponse(error as Problem));
      }
    },
  };
  const limits = { heldBytes: 20 * 2 ** 20, stalledMs: 1500, pipelined: 4 };
  await using server = await listen({ hostname: "127.0.0.1", port: 0 }, app, limits);
  const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  // One that asks more than it may at once is cut.
  const greedy = await connect(server.url, request.repeat(50));
  await rest(greedy);
  await until(async () => await statusOf(server.url, "/") === 200);
  // What the system's buffers take is sent; four answers are more than they hold.
  const unread = await Promise.all(Array.from({ length: 4 }, () => connect(server.url, request.repeat(4))));
  await until(async () => await statusOf(server.url, "/") === 503);
  await until(async () => await statusOf(server.url, "/") === 200);
  for (const connection of unread) connection.close();
  // A slow reader goes on: it takes something now and then.
  const slow = await connect(server.url, `${request.slice(0, -2)}Connection: close\r\n\r\n`);
  let length = 0;
  for await (const bytes of slow.readable) {
    length += bytes.length;
    if (length < 300_000) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert(length > big.length, `${length}`);
});

Deno.test("listen() frees the place of a listener that closed its half, or went away", async () => {
  await using app = await openTestingApp();
  await using server = await listen({ hostname: "127.0.0.1", port: 0 }, app.withAccess({}));
  const request = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const bytes = new Uint8Array(16);
  const open = async () => {
    const connection = await connect(server.url, request);
    await connection.read(bytes);
    return connection;
  };
  const listening = await Promise.all(Array.from({ length: 50 }, open));
  assertEquals(await statusOf(server.url, "/v1/events"), 503);
  for (const [i, connection] of listening.entries()) {
    if (i % 2) connection.close();
    else await connection.closeWrite();
  }
  await until(async () => {
    using connection = await open();
    return new TextDecoder().decode(bytes).startsWith("HTTP/1.1 200") && connection !== undefined;
  });
  const again = await Promise.all(Array.from({ length: 40 }, open));
  assertEquals(await statusOf(server.url, "/v1/events"), 200);
  for (const connection of [...again, ...listening.filter((_, i) => i % 2 === 0)]) connection.close();
});
