/**
 * Streams in Apache Kafka, over npm:@platformatic/kafka.
 *
 * @module
 */
import type { Broker } from "../../broker.ts";
import { openKafka } from "../broker.ts";
import type { KafkaBrokerOptions } from "../cluster.ts";
import { PlatformaticClient } from "./client.ts";

/**
 * Opens a Kafka cluster as `openKafkajsBroker` does, by the same URLs and with the same guarantees, over another client.
 *
 * Members of both clients may share a group, so one can be replaced by the other while the stream runs. It needs network
 * permission for all brokers and read permission for `ca` and for the package's `native.wasm`. Of the environment the
 * package asks for every name, to find those that begin with DEBUG: `--ignore-env` hides them.
 *
 * @throws TypeError for a URL that cannot be read; DeliveryError where no broker answers in time or the login is refused.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../../../testing/assert.ts";
 * import { openPlatformaticBroker } from "./open.ts";
 *
 * await assertRejects(() => openPlatformaticBroker("kafka://localhost:9092?sasl=plain"), TypeError, "user and password");
 * ```
 */
export function openPlatformaticBroker(url: string, options: KafkaBrokerOptions = {}): Promise<Broker> {
  return openKafka(url, options, PlatformaticClient.create);
}
