import { Buffer } from "node:buffer";
import { assert, assertEquals, assertThrows } from "../../../testing/assert.ts";
import { FrameSocket, LargeAnswers } from "./frame_socket.ts";

/** A node that answers with the bytes it is told to, and a socket to it. */
async function connected(answers = new LargeAnswers(), closingMs?: number, silentMs?: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const connecting = Promise.withResolvers<void>();
  const { port } = listener.addr as Deno.NetAddr;
  const socket = new FrameSocket(
    { host: "127.0.0.1", port, onConnect: connecting.resolve, closingMs, silentMs },
    answers,
  );
  const said: string[] = [];
  const frames: Buffer[] = [];
  const changed = { next: Promise.withResolvers<void>() };
  const tell = (what: string) => {
    said.push(what);
    changed.next.resolve();
    changed.next = Promise.withResolvers<void>();
  };
  socket.on("data", (frame: Buffer) => {
    frames.push(frame);
    tell("data");
  });
  socket.on("end", () => tell("end"));
  socket.on("error", (error: Error) => tell(`error ${error.message}`));
  const node = await accepting;
  await connecting.promise;
  return {
    ...{ socket, node, frames, said },
    async until(condition: () => boolean) {
      while (!condition()) await changed.next.promise;
    },
    [Symbol.dispose]() {
      socket.end();
      for (const each of [node, listener]) {
        try {
          each.close();
        } catch (error) {
          if (!(error instanceof Deno.errors.BadResource)) throw error; // the test closed it
        }
      }
    },
  };
}

function frame(id: number, body: string): Buffer {
  const bytes = Buffer.alloc(8 + body.length);
  bytes.writeInt32BE(4 + body.length);
  bytes.writeInt32BE(id, 4);
  bytes.write(body, 8);
  return bytes;
}

function request(key: number, id: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32BE(16);
  bytes.writeInt16BE(key, 4);
  bytes.writeInt32BE(id, 8);
  return bytes;
}

async function read(node: Deno.Conn, count: number): Promise<Buffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) at += (await node.read(bytes.subarray(at)))!;
  return Buffer.from(bytes);
}

Deno.test("FrameSocket gives whole frames, however they are cut, and the answer to a fetch by a ticket", async () => {
  const answers = new LargeAnswers();
  using bench = await connected(answers);
  bench.socket.write(request(3, 1));
  bench.socket.write(request(1, 2));
  bench.socket.write(request(3, 3));
  assertEquals(await read(bench.node, 60), Buffer.concat([request(3, 1), request(1, 2), request(3, 3)]));
  const large = "x".repeat(300_000);
  const bytes = Buffer.concat([frame(1, "one"), frame(2, large), frame(3, "")]);
  let at = 0;
  for (const size of [1, 2, 3, 8, 5, 70_000, bytes.length]) {
    const part = bytes.subarray(at, at += size);
    for (let sent = 0; sent < part.length;) sent += await bench.node.write(part.subarray(sent));
    if (size < 10) await new Promise((resolve) => setTimeout(resolve, 1)); // so that they come apart
  }
  await bench.until(() => bench.frames.length === 3);
  const [first, second, third] = bench.frames;
  assertEquals([first, third], [frame(1, "one"), frame(3, "")]);
  assertEquals([second.length, second.readInt32BE(), second.readInt32BE(4)], [12, 8, 2]);
  assertEquals(answers.take(second.subarray(8)).toString(), large);
  assertThrows(() => answers.take(second.subarray(8)), Error, "was taken before");
});

Deno.test("FrameSocket says that the node has closed, in the middle of a frame too", async () => {
  for (const sent of ["", "\0\0\0\x09half"]) {
    using bench = await connected();
    await bench.node.write(new TextEncoder().encode(sent));
    bench.node.close();
    await bench.until(() => bench.said.length > 0);
    assertEquals(bench.said, ["end"]);
  }
});

Deno.test("FrameSocket names another protocol than Kafka's", async () => {
  using bench = await connected();
  await bench.node.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await bench.until(() => bench.said.length > 0);
  assert(bench.said[0].includes("is this a listener of Kafka's"));
});

Deno.test("FrameSocket says why it cannot connect, and nothing after its end", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const refused = Promise.withResolvers<Error>();
  new FrameSocket({ host: "127.0.0.1", port, onConnect() {} }, new LargeAnswers()).on(
    "error",
    refused.resolve,
  );
  assert((await refused.promise).message.includes("connect ECONNREFUSED 127.0.0.1:"));
});

Deno.test("FrameSocket reads on after its end, until the node has answered and closed", async () => {
  using bench = await connected();
  bench.socket.write(request(3, 1));
  bench.socket.end();
  assertEquals(await read(bench.node, 20), request(3, 1));
  assertEquals(await bench.node.read(new Uint8Array(1)), null);
  await bench.node.write(frame(1, "late"));
  bench.node.close();
  await bench.until(() => bench.said.includes("end"));
  assertEquals(bench.frames, [frame(1, "late")]);
  assertEquals(bench.said, ["data", "end"]);
});

Deno.test("FrameSocket connects though it was ended before, and then tells the node", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<void>();
  const { port } = listener.addr as Deno.NetAddr;
  const socket = new FrameSocket(
    { host: "127.0.0.1", port, onConnect: connecting.resolve },
    new LargeAnswers(),
  );
  socket.on("end", ending.resolve);
  socket.write(request(3, 1));
  socket.end();
  const node = await listener.accept();
  await connecting.promise;
  assertEquals(await read(node, 20), request(3, 1));
  assertEquals(await node.read(new Uint8Array(1)), null);
  await node.write(frame(1, ""));
  node.close();
  await ending.promise;
  listener.close();
});

Deno.test("FrameSocket lets nobody wait for a request that came after its end", async () => {
  using bench = await connected();
  bench.socket.end();
  bench.socket.write(request(3, 1));
  assertEquals(bench.said, []); // kafkajs marks the request as sent only then
  await bench.until(() => bench.said.length > 0);
  assertEquals(bench.said, ["error a request came after the end of the connection"]);
  assertEquals(await bench.node.read(new Uint8Array(1)), null);
});

Deno.test("FrameSocket tells of requests that the node did not answer before it closed, or in time after an end", async () => {
  for (const ends of [false, true]) {
    using bench = await connected(new LargeAnswers(), 1);
    bench.socket.write(request(3, 1));
    bench.socket.write(request(3, 2));
    await read(bench.node, 40);
    await bench.node.write(frame(1, ""));
    await bench.until(() => bench.said.length === 1);
    if (ends) bench.socket.end();
    else bench.node.close();
    await bench.until(() => bench.said.length === 3);
    assertEquals(bench.said, ["data", "end", "error 1 requests were not answered"]);
  }
});

Deno.test("FrameSocket gives a node up that is silent while a request waits, but not one that forms a group", async () => {
  const silentMs = 100;
  using silent = await connected(undefined, undefined, silentMs);
  silent.socket.write(request(3, 1));
  await silent.node.write(frame(1, "first"));
  await silent.until(() => silent.said.length > 0);
  silent.socket.write(request(3, 2));
  await silent.until(() => silent.said.length > 1);
  assertEquals(silent.said, ["data", `error the node was silent for ${silentMs} ms`]);
  using idle = await connected(undefined, undefined, silentMs);
  using joining = await connected(undefined, undefined, silentMs);
  joining.socket.write(request(11, 1));
  await new Promise((resolve) => setTimeout(resolve, 5 * silentMs));
  assertEquals([idle.said, joining.said], [[], []]);
});
