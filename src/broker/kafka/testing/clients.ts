import type { Broker } from "../../broker.ts";
import type { KafkaBrokerOptions } from "../cluster.ts";
import { openKafkajsBroker } from "../kafkajs/open.ts";
import { openPlatformaticBroker } from "../platformatic/open.ts";

/** Opens a Kafka cluster over one client. */
export type OpenKafka = (url: string, options?: KafkaBrokerOptions) => Promise<Broker>;

/** Each client that `KAFKA_CLIENT` names, for tests that hold for all of them. */
export const kafkaClients: Readonly<Record<string, OpenKafka>> = {
  kafkajs: openKafkajsBroker,
  platformatic: openPlatformaticBroker,
};
