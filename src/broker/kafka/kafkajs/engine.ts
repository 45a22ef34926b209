import { type Engine, fileIn } from "../../../runtime/engine.ts";
import type { Broker } from "../../broker.ts";

/** A Kafka cluster over npm:kafkajs. */
export const kafkajsStream: Engine<Broker> = {
  schemes: ["kafka://"],
  example: "kafka://host:port",
  client: "kafkajs",
  home: import.meta.url,
  packages: ["kafkajs"],
  permissions: (url) => ({
    // The first broker names the others.
    net: "any",
    read: fileIn(url, "ca"),
    sys: ["hostname", "uid"],
    env: [
      "NODE_ENV",
      "KAFKAJS_LOG_LEVEL",
      "KAFKAJS_NO_PARTITIONER_WARNING",
      "KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
      "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS",
    ],
  }),
  async open(url, { onTrouble }) {
    return await (await import("./open.ts")).openKafkajsBroker(url, { report: onTrouble });
  },
};
