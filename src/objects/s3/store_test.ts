import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { patience } from "../../testing/patience.ts";
import { objectsContract } from "../testing/contract.ts";
import { type MinioOptions, openMinioStore } from "./store.ts";
import { sha256Hex } from "../../runtime/sha256.ts";

const LIMITS: MinioOptions = { requestTimeoutMs: 200, deadlineMs: 600 };

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  bytes: Uint8Array;
}

/** A server that answers as told, and remembers what it was asked. */
function openServer(answer: (asked: Asked, number: number) => Response | Promise<Response>) {
  const asked: Asked[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const one = {
      method: request.method,
      path: decodeURIComponent(pathname),
      query,
      headers: request.headers,
      bytes: await request.bytes(),
    };
    asked.push(one);
    return await answer(one, asked.length);
  });
  return {
    asked,
    url: `s3://key:s3cret@127.0.0.1:${server.addr.port}/bucket`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function refusal(status: number, code: string): Response {
  return new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`, {
    status,
  });
}

/** A store in memory that speaks enough of S3, and may not know conditional PUTs. */
function s3(honoursConditions: boolean) {
  const objects = new Map<string, Asked>();
  return (asked: Asked): Response => {
    const { method, path, query, headers } = asked;
    if (path === "/bucket" && method === "PUT") return new Response();
    if (path === "/bucket") {
      const keys = [...objects.keys()].filter((key) => key.startsWith(query.get("prefix")!)).map((key) =>
        `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`
      );
      return new Response(
        `<ListBucketResult><IsTruncated>false</IsTruncated>${keys.join("")}</ListBucketResult>`,
      );
    }
    const key = path.slice("/bucket/".length);
    const found = objects.get(key);
    if (method === "PUT") {
      if (honoursConditions && found && headers.get("if-none-match") === "*") {
        return refusal(412, "PreconditionFailed");
      }
      objects.set(key, asked);
      return new Response(null, { headers: { etag: '"x"' } });
    }
    if (method === "DELETE") {
      objects.delete(key);
      return new Response(null, { status: 204 });
    }
    if (found === undefined) {
      return method === "HEAD" ? new Response(null, { status: 404 }) : refusal(404, "NoSuchKey");
    }
    const length = String(found.bytes.length);
    return new Response(method === "HEAD" ? null : found.bytes as BodyInit, {
      headers: { "content-length": length },
    });
  };
}

const put = async (store: ReturnType<typeof openMinioStore>, key: string, bytes: Uint8Array) =>
  await store.put(key, bytes, { sha256: await sha256Hex(bytes) });

for (const honoursConditions of [true, false]) {
  Deno.test(`put() creates only, on a server that ${honoursConditions ? "honours" : "ignores"} If-None-Match`, async () => {
    await using server = openServer(s3(honoursConditions));
    await using first = openMinioStore(server.url);
    const results = await Promise.all([1, 2, 3].map((byte) => put(first, "a", new Uint8Array([byte]))));
    assertEquals(results.sort(), ["created", "exists", "exists"]);
    await using second = openMinioStore(server.url);
    assertEquals(await put(second, "a", new Uint8Array([9])), "exists");
    assertEquals(await put(second, "b", new Uint8Array([9])), "created");
    assertEquals(await put(second, "b", new Uint8Array([8])), "exists");
    assertEquals([await second.get("a"), await second.get("b")].map((bytes) => bytes?.[0] === 9), [
      false,
      true,
    ]);
    const sent = server.asked.find(({ method }) => method === "PUT")!;
    assertEquals(sent.headers.get("x-amz-meta-sha256"), await sha256Hex(sent.bytes));
    // Once the server is known to create only, an object is one request.
    const before = server.asked.length;
    await put(second, "c", new Uint8Array([1]));
    assert(server.asked.length - before <= (honoursConditions ? 1 : 2));
  });
}

Deno.test("list() is in byte order, beyond what fits in one page and whatever the server's order", async () => {
  const all = ["a/\u{1F600}", "a/\uff5e", "a/1", "a.x", "a/b/c"];
  await using server = openServer((_, number) => {
    const keys = number === 1 ? all.slice(0, 2) : all.slice(2);
    const contents = keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join("");
    const next = number === 1 ? "<NextContinuationToken>n+1/=</NextContinuationToken>" : "";
    return new Response(
      `<ListBucketResult><IsTruncated>${number === 1}</IsTruncated>${next}${contents}</ListBucketResult>`,
    );
  });
  await using store = openMinioStore(server.url);
  assertEquals(await Array.fromAsync(store.list("")), ["a.x", "a/1", "a/b/c", "a/\uff5e", "a/\u{1F600}"]);
});

Deno.test("calls are tried again after 503, 500 and a cut connection, and then succeed", async () => {
  const store = s3(true);
  await using server = openServer((asked, number) => {
    if (number === 1) return refusal(503, "SlowDown");
    if (number === 2) return new Response("<html>bad gateway</html>", { status: 502 });
    return store(asked);
  });
  const failures: number[] = [];
  await using opened = openMinioStore(server.url, { onRetry: (_, attempt) => failures.push(attempt) });
  assertEquals(await put(opened, "a", new Uint8Array([1])), "created");
  assertEquals(failures, [1, 2]);
});

Deno.test("a server that stays busy is given up at the deadline, as retriable", async () => {
  await using server = openServer(() => refusal(503, "SlowDown"));
  await using store = openMinioStore(server.url, LIMITS);
  const startedAt = performance.now();
  const error = await assertRejects(() => put(store, "a", new Uint8Array([1])), DeliveryError, "503");
  assertEquals(error.retriable, true);
  assert(server.asked.length > 2 && performance.now() - startedAt < patience(3_000));
});

Deno.test("a refused key is not tried again, and the error says what to do without the secret", async () => {
  for (
    const [status, code, advice] of [
      [403, "InvalidAccessKeyId", "check the access key"],
      [403, "SignatureDoesNotMatch", "check the access key"],
      [403, "AccessDenied", "right to read, list and write"],
      [400, "AuthorizationHeaderMalformed", "region"],
    ] as const
  ) {
    await using server = openServer(() => refusal(status, code));
    await using store = openMinioStore(server.url, LIMITS);
    for (
      const call of [
        () => store.get("a"),
        () => put(store, "a", new Uint8Array([1])),
        () => store.delete("a"),
      ]
    ) {
      const error = await assertRejects(call, DeliveryError, advice);
      assertEquals(error.retriable, false);
      assert(!error.message.includes("s3cret"));
    }
    await assertRejects(() => Array.fromAsync(store.list("")), DeliveryError, advice);
  }
});

Deno.test("every call gives up in time on a server that accepts and never answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  {
    await using store = openMinioStore(
      `s3://key:secret@127.0.0.1:${(listener.addr as Deno.NetAddr).port}/bucket`,
      LIMITS,
    );
    const calls = [
      () => store.get("a"),
      () => put(store, "a", new Uint8Array(1000)),
      () => put(store, "b", new Uint8Array(1000)),
      () => Array.fromAsync(store.list("")),
      () => store.delete("a"),
    ];
    const startedAt = performance.now();
    for (const error of await Promise.all(calls.map((call) => assertRejects(call, DeliveryError)))) {
      assertEquals(error.retriable, true);
    }
    assert(performance.now() - startedAt < patience(4_000), `${performance.now() - startedAt} ms`);
  }
  for (const connection of connections) connection.close();
  listener.close();
  await accepting;
});

Deno.test("get() never takes a part for the whole, of an answer that stalls or ends too early", async () => {
  const part = (ending: "stall" | "end") => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connections: Deno.Conn[] = [];
    const serving = (async () => {
      for await (const connection of listener) {
        connections.push(connection);
        await connection.read(new Uint8Array(10_000));
        await connection.write(
          new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
        );
        if (ending === "end") connections.pop()!.close();
      }
    })();
    return {
      port: (listener.addr as Deno.NetAddr).port,
      async [Symbol.asyncDispose]() {
        for (const connection of connections) connection.close();
        listener.close();
        await serving;
      },
    };
  };
  for (const ending of ["stall", "end"] as const) {
    await using server = part(ending);
    await using store = openMinioStore(`s3://k:s@127.0.0.1:${server.port}/bucket`, LIMITS);
    const error = await assertRejects(() => store.get("a"), DeliveryError);
    assertEquals(error.retriable, true, ending);
  }
});

Deno.test("disposing a store ends the calls that it is in", async () => {
  await using server = openServer(() => refusal(503, "SlowDown"));
  const store = openMinioStore(server.url, { deadlineMs: 60_000 });
  const startedAt = performance.now();
  const getting = assertRejects(() => store.get("a"), DeliveryError);
  await store[Symbol.asyncDispose]();
  await getting;
  assert(performance.now() - startedAt < patience(5_000));
});

Deno.test("keys that no server takes are refused", async () => {
  await using store = openMinioStore("s3://k:s@127.0.0.1:1/bucket");
  for (const key of ["", "/a", "ß".repeat(513)]) {
    await assertRejects(() => store.get(key), RangeError, "object key");
  }
});

const contractServer = openServer(s3(true));
objectsContract("minio store on a server in memory", {
  open: () => Promise.resolve(openMinioStore(contractServer.url)),
});
Deno.test.afterAll(() => contractServer[Symbol.asyncDispose]());
