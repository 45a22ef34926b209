import { assertEquals, assertRejects } from "../../../src/testing/assert.ts";
import { askKafkaMetadata } from "./kafka_metadata.ts";

/** Answers the first request of the first connection with `answer(request)`, in chunks; undefined: never. */
function fakeBroker(answer: (request: Uint8Array) => Uint8Array | undefined, chunk = 1 << 16) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using connection = await listener.accept();
    const request = new Uint8Array(1024);
    const length = await connection.read(request);
    const bytes = answer(request.subarray(0, length ?? 0));
    if (bytes === undefined) await connection.read(request); // until the client gives up
    else {for (let at = 0; at < bytes.length; at += chunk) {
        await connection.write(bytes.subarray(at, at + chunk));
      }}
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      await served;
      listener.close();
    },
  };
}

function metadataAnswer(request: Uint8Array): Uint8Array {
  const host = new TextEncoder().encode("127.0.0.1");
  const bytes = new Uint8Array(4 + 4 + 4 + 4 + 2 + host.length + 4 + 2 + 4 + 4);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  bytes.set(request.subarray(8, 12), 4); // correlation id
  view.setInt32(8, 1); // brokers
  view.setInt32(12, 7); // id
  view.setInt16(16, host.length);
  bytes.set(host, 18);
  view.setInt32(18 + host.length, 29_390);
  view.setInt16(22 + host.length, -1); // no rack
  view.setInt32(24 + host.length, 7); // controller
  return bytes;
}

Deno.test("askKafkaMetadata() reads brokers and leader, however the answer is cut", async () => {
  for (const chunk of [1, 5, 1000]) {
    await using broker = fakeBroker(metadataAnswer, chunk);
    assertEquals(await askKafkaMetadata("127.0.0.1", broker.port), {
      brokers: [{ id: 7, host: "127.0.0.1", port: 29_390 }],
      controllerId: 7,
    });
  }
});

Deno.test("askKafkaMetadata() says what was wrong: silence, a cut answer, another protocol", async () => {
  const cases: [(request: Uint8Array) => Uint8Array | undefined, string][] = [
    [() => undefined, "must answer within 200 ms"],
    [(request) => metadataAnswer(request).slice(0, 20), "current value is 16 bytes"],
    [() => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"), "length must be 8 to 1048576"],
    [(request) => metadataAnswer(request).fill(9, 4, 8), "a question that was not asked"],
  ];
  for (const [answer, message] of cases) {
    await using broker = fakeBroker(answer);
    await assertRejects(
      () => askKafkaMetadata("127.0.0.1", broker.port, { timeoutMs: 200 }),
      Error,
      message,
    );
  }
});
