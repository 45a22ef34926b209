import { DeliveryError } from "../../runtime/delivery_error.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "../../testing/assert.ts";
import { kafkaClients, type OpenKafka } from "./testing/clients.ts";
import { patience } from "../../testing/patience.ts";

for (const [client, openKafkaBroker] of Object.entries(kafkaClients)) testOpening(client, openKafkaBroker);

function testOpening(client: string, openKafkaBroker: OpenKafka) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} (${client})`, fn, sanitizeOps: false, sanitizeResources: false });

  test("openKafkaBroker() says which broker does not answer, soon, and without the password", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const startedAt = performance.now();
    const url = `kafka://me:topsecret@127.0.0.1:${port}?sasl=plain`;
    const error = await assertRejects(() => openKafkaBroker(url, { requestTimeoutMs: 8000 }), DeliveryError);
    assert(performance.now() - startedAt < patience(7000));
    assertInstanceOf(error, DeliveryError);
    assert(error.retriable);
    assertStringIncludes(error.message, `kafka://127.0.0.1:${port}`);
    assertEquals(Deno.inspect(error).includes("topsecret"), false);
    assertStringIncludes(error.message, "ECONNREFUSED");
    assert(error.cause !== undefined);
  });

  test("openKafkaBroker() gives up a server that takes connections and says nothing", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const taken: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of listener) taken.push(connection);
    })();
    const { port } = listener.addr as Deno.NetAddr;
    await assertRejects(
      () => openKafkaBroker(`kafka://127.0.0.1:${port}`, { requestTimeoutMs: 500 }),
      DeliveryError,
      "within 500 ms",
    );
    for (const connection of taken) connection.close();
    listener.close();
    await accepting;
  });

  test("openKafkaBroker() names an authority's file that is not there", async () => {
    await assertRejects(
      () => openKafkaBroker("kafka://127.0.0.1:1?ca=no-such-file.pem"),
      Error,
      "no-such-file.pem",
    );
  });
}
