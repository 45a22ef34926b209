import type { Broker } from "../../broker.ts";
import { openKafka } from "../broker.ts";
import type { KafkaBrokerOptions } from "../cluster.ts";
import { KafkajsClient } from "./client.ts";

/**
 * Opens a Kafka cluster over npm:kafkajs: `kafka://[user:pass@]host:port[,host:port]?sasl=&tls=&ca=&client_id=&compression=`.
 *
 * Works with Kafka 2.3 and newer; reads only records of committed transactions. Produced records have been taken by all
 * replicas in sync when `produce` resolves.
 *
 * @throws TypeError for a URL that cannot be read; DeliveryError if no broker answers in time or the login is refused.
 */
export function openKafkajsBroker(url: string, options: KafkaBrokerOptions = {}): Promise<Broker> {
  return openKafka(url, options, KafkajsClient.create);
}
