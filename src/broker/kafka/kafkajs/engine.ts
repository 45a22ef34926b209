import { asReadable, type Engine } from "../../../runtime/engine.ts";
import type { Broker } from "../../broker.ts";
import { parseKafkaUrl } from "../url.ts";

/** Names that npm:kafkajs reads. */
const ENVIRONMENT = [
  "NODE_ENV",
  "KAFKAJS_LOG_LEVEL",
  "KAFKAJS_NO_PARTITIONER_WARNING",
  "KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
  "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS",
];

/** A Kafka cluster over npm:kafkajs. */
export const kafkajsStream: Engine<Broker> = {
  schemes: ["kafka://"],
  example: "kafka://host:port",
  client: "kafkajs",
  home: import.meta.url,
  packages: ["kafkajs"],
  permissions: (url) =>
    asReadable(() => {
      const { caFile } = parseKafkaUrl(url);
      const read = caFile === undefined ? [] : [caFile];
      // The first broker names the others.
      return { net: "any", read, sys: ["hostname", "uid"], env: ENVIRONMENT };
    }),
  async open(url, { onTrouble }) {
    // A wrong URL has no permissions, without which the package cannot even be loaded.
    parseKafkaUrl(url);
    return await (await import("./open.ts")).openKafkajsBroker(url, { onTrouble });
  },
};
