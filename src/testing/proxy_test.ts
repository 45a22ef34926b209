import { assert, assertEquals, assertRejects } from "./assert.ts";
import { openProxy } from "./proxy.ts";
import { until } from "./until.ts";

const encoder = new TextEncoder();

/** A server that gives back what it gets. */
function openEcho(): { port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = (async () => {
    for await (const connection of listener) {
      connection.readable.pipeTo(connection.writable).catch((error) => {
        // Connections that a test cuts end like this.
        assert(error instanceof Error);
      });
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await running;
    },
  };
}

async function ask(connection: Deno.Conn, text: string): Promise<string | null> {
  await connection.write(encoder.encode(text));
  return await read(connection);
}

async function read(connection: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(1000);
  const size = await connection.read(buffer);
  return size === null ? null : new TextDecoder().decode(buffer.subarray(0, size));
}

/** The end of a connection, told as null or as a reset. */
async function readEnd(connection: Deno.Conn): Promise<null> {
  try {
    assertEquals(await read(connection), null);
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionReset, String(error));
  }
  return null;
}

Deno.test("openProxy() passes bytes both ways, of many connections", async () => {
  await using echo = openEcho();
  await using proxy = openProxy({ target: { port: echo.port } });
  using first = await Deno.connect({ port: proxy.port });
  using second = await Deno.connect({ port: proxy.port });
  assertEquals([await ask(first, "a"), await ask(second, "b"), await ask(first, "c")], ["a", "b", "c"]);
  await until(() => proxy.accepted === 2);
});

Deno.test("cut() ends connections, and new ones are served", async () => {
  await using echo = openEcho();
  await using proxy = openProxy({ target: { port: echo.port } });
  using first = await Deno.connect({ port: proxy.port });
  assertEquals(await ask(first, "a"), "a");
  proxy.cut();
  await readEnd(first);
  using second = await Deno.connect({ port: proxy.port });
  assertEquals(await ask(second, "b"), "b");
});

Deno.test("hold() keeps connections open and silent, and resume() passes what was held back", async () => {
  await using echo = openEcho();
  await using proxy = openProxy({ target: { port: echo.port } });
  using before = await Deno.connect({ port: proxy.port });
  assertEquals(await ask(before, "a"), "a");
  proxy.hold();
  using during = await Deno.connect({ port: proxy.port });
  const answers = [ask(before, "b"), ask(during, "c")];
  const silence = new Promise<string>((resolve) => setTimeout(() => resolve("silence"), 50));
  assertEquals(await Promise.race([...answers, silence]), "silence");
  proxy.resume();
  assertEquals(await Promise.all(answers), ["b", "c"]);
});

Deno.test("refuse() refuses connections, and resume() takes them again on the same port", async () => {
  await using echo = openEcho();
  await using proxy = openProxy({ target: { port: echo.port } });
  using before = await Deno.connect({ port: proxy.port });
  assertEquals(await ask(before, "a"), "a");
  proxy.refuse();
  await readEnd(before);
  await assertRejects(() => Deno.connect({ port: proxy.port }), Deno.errors.ConnectionRefused);
  proxy.resume();
  using after = await Deno.connect({ port: proxy.port });
  assertEquals(await ask(after, "b"), "b");
});

Deno.test("inspect() sees all bytes and may cut before or after them, or lose them", async () => {
  await using echo = openEcho();
  const seen: string[] = [];
  await using proxy = openProxy({
    target: { port: echo.port },
    inspect(bytes, towards) {
      const text = new TextDecoder().decode(bytes);
      seen.push(`${text} to ${towards}`);
      if (text === "before" && towards === "target") return "cut";
      if (text === "answer" && towards === "client") return "cut";
      if (text === "lost" && towards === "target") return "drop";
      return text === "after" && towards === "client" ? "pass-then-cut" : "pass";
    },
  });
  for (const text of ["before", "answer"]) {
    using connection = await Deno.connect({ port: proxy.port });
    await connection.write(encoder.encode(text));
    await readEnd(connection);
  }
  using connection = await Deno.connect({ port: proxy.port });
  await connection.write(encoder.encode("lost"));
  await until(() => seen.includes("lost to target"));
  assertEquals(await ask(connection, "after"), "after");
  await readEnd(connection);
  assertEquals(seen, [
    "before to target",
    "answer to target",
    "answer to client",
    "lost to target",
    "after to target",
    "after to client",
  ]);
});

Deno.test("a proxy to a server that is away closes its connections", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  await using proxy = openProxy({ target: { port } });
  using connection = await Deno.connect({ port: proxy.port });
  await readEnd(connection);
});
