import type { Broker } from "../../broker.ts";
import { openKafka } from "../broker.ts";
import type { KafkaBrokerOptions } from "../cluster.ts";
import { PlatformaticClient } from "./client.ts";

/**
 * Opens a Kafka cluster over npm:@platformatic/kafka, by the same URLs and with the same guarantees as `openKafkajsBroker`.
 *
 * Members of both clients may share a group, so one can replace the other while the stream runs.
 *
 * @throws TypeError for a URL that cannot be read; DeliveryError if no broker answers in time or the login is refused.
 */
export function openPlatformaticBroker(url: string, options: KafkaBrokerOptions = {}): Promise<Broker> {
  return openKafka(url, options, PlatformaticClient.create);
}
