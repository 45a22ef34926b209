import type { ServiceName } from "../../../src/testing/services.ts";
import { assert, assertEquals } from "../../../src/testing/assert.ts";
import { allServiceNames, clusterNames, serviceNames } from "../open_services.ts";
import type { RunContext } from "../definition.ts";
import { clusterProperties, kafkaNode } from "./kafka_cluster.ts";
import { postgresPrimary, postgresStandby } from "./postgres.ts";

const ids = [1, 2, 3] as const;
const nodes = ids.map((id) => kafkaNode(id));
const ports = new Map(ids.map((id) => [id as number, { plaintext: 5000 + id, controller: 6000 + id }]));
const parse = (text: string) =>
  new Map(text.trim().split("\n").map((line) => line.split("=") as [string, string]));

Deno.test("clusterProperties() gives three brokers the same voters, and each an id and ports of its own", () => {
  const all = ids.map((id) => parse(clusterProperties(id, ports, `/run/kafka${id}`)));
  assertEquals(all.map((each) => each.get("node.id")), ["1", "2", "3"]);
  const voters = "1@127.0.0.1:6001,2@127.0.0.1:6002,3@127.0.0.1:6003";
  for (const each of all) assertEquals(each.get("controller.quorum.voters"), voters);
  assertEquals(new Set(all.map((each) => each.get("listeners"))).size, 3);
  assertEquals(all[1].get("advertised.listeners"), "PLAINTEXT://127.0.0.1:5002");
});

Deno.test("clusterProperties() keeps each record on three brokers, and takes none that two do not have", () => {
  const properties = parse(clusterProperties(1, ports, "/d"));
  for (const [key, value] of properties) {
    if (key.endsWith("replication.factor")) assertEquals(value, "3", key);
    if (key.endsWith(".min.isr") || key === "min.insync.replicas") assertEquals(value, "2", key);
  }
  assertEquals(properties.get("unclean.leader.election.enable"), "false");
});

Deno.test("kafkaNode() publishes the address of all three brokers", () => {
  const peers = Object.fromEntries(
    ids.map((id) => [`kafka${id}`, { ports: ports.get(id)!, user: "u", password: "p" }]),
  );
  const context = { peers, settings: peers.kafka2 } as Partial<RunContext> as RunContext;
  assertEquals(nodes[1].describe(context).url, "kafka://127.0.0.1:5001,127.0.0.1:5002,127.0.0.1:5003");
});

Deno.test("the servers of a cluster stand beside the others: names, ports and peers fit together", () => {
  const definitions = [...nodes, postgresPrimary, postgresStandby];
  assertEquals(definitions.map(({ name }) => name) as ServiceName[], [...clusterNames]);
  assertEquals([...allServiceNames], [...serviceNames, ...clusterNames]);
  const blocks = definitions.flatMap(({ firstPort, portRoles }) => portRoles.map((_, i) => firstPort + i));
  assertEquals(new Set(blocks).size, blocks.length);
  for (const { name, peers } of definitions) assert(peers?.includes(name), `${name} must be among its peers`);
  assertEquals(postgresStandby.after, ["postgres1"]);
});
