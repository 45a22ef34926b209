import { assertEquals, assertThrows } from "../../../src/testing/assert.ts";
import { kafkaPom } from "./kafka.ts";
import { kafkaPortRoles, kafkaProperties } from "./kafka_properties.ts";

const ports = Object.fromEntries(kafkaPortRoles.map((role, position) => [role, 5000 + position]));
const options = {
  dataDir: "/run/data",
  user: "edgewood",
  password: "s3cret",
  keystoreFile: "/run/keystore.pem",
  caFile: "/run/ca.crt",
};

function parse(text: string): Map<string, string> {
  return new Map(
    text.trim().split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

Deno.test("kafkaProperties() gives every listener a protocol, a port of its own and an address to come to", () => {
  const properties = parse(kafkaProperties(ports, options));
  const listeners = properties.get("listeners")!.split(",").map((listener) => listener.split("://"));
  const advertised = new Map(
    properties.get("advertised.listeners")!.split(",").map((listener) =>
      listener.split("://") as [string, string]
    ),
  );
  const protocols = new Map(
    properties.get("listener.security.protocol.map")!.split(",").map((pair) =>
      pair.split(":") as [string, string]
    ),
  );
  assertEquals(new Set(listeners.map(([, address]) => address)).size, listeners.length);
  for (const [name, address] of listeners) {
    assertEquals(protocols.has(name), true, `${name} has a protocol`);
    if (name === "CONTROLLER") continue; // a broker must not advertise it
    assertEquals(advertised.get(name), name === "PROXIED" ? `127.0.0.1:${ports.advertised}` : address);
  }
  assertEquals([...protocols.values()].sort(), [
    "PLAINTEXT",
    "PLAINTEXT",
    "PLAINTEXT",
    "SASL_PLAINTEXT",
    "SASL_SSL",
    "SSL",
  ]);
  assertEquals(properties.get("controller.quorum.voters"), `1@127.0.0.1:${ports.controller}`);
});

Deno.test("kafkaProperties() is tuned for tests and never writes a key twice", () => {
  const text = kafkaProperties(ports, options);
  const properties = parse(text);
  assertEquals(properties.size, text.trim().split("\n").length);
  assertEquals(properties.get("auto.create.topics.enable"), "false");
  assertEquals(properties.get("group.initial.rebalance.delay.ms"), "0");
  for (const key of properties.keys()) {
    if (key.endsWith("replication.factor") || key.endsWith(".min.isr")) {
      assertEquals(properties.get(key), "1", key);
    }
  }
});

Deno.test("kafkaProperties() refuses a user or password that would end its quotes", () => {
  for (
    const change of [{ password: 'a"; evil="b' }, { user: "a b" }, { password: "" }, { password: "a\nb=c" }]
  ) {
    assertThrows(() => kafkaProperties(ports, { ...options, ...change }), RangeError, "letters and digits");
  }
});

Deno.test("kafkaPom() names the broker and a logger in the wanted versions", () => {
  const pom = kafkaPom("4.1.1", "1.7.36");
  const versions = [...pom.matchAll(/<artifactId>([^<]+)<\/artifactId><version>([^<]+)</g)].map((
    m,
  ) => [m[1], m[2]]);
  assertEquals(versions, [["services", "1"], ["kafka_2.13", "4.1.1"], ["slf4j-simple", "1.7.36"]]);
});
