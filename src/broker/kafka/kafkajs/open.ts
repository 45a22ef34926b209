/**
 * Streams in Apache Kafka, over npm:kafkajs.
 *
 * @module
 */
import type { Broker } from "../../broker.ts";
import { openKafka } from "../broker.ts";
import type { KafkaBrokerOptions } from "../cluster.ts";
import { KafkajsClient } from "./client.ts";

/**
 * Opens a Kafka cluster: `kafka://[user:pass@]host:port[,host:port]?sasl=plain|scram-sha-256|scram-sha-512&tls=true&ca=FILE`.
 *
 * Works with Kafka 2.3 and newer. Only records of committed transactions are read; gzip, snappy, lz4 and zstd batches are.
 * Produced records have been taken by all replicas in sync when `produce` resolves. It needs network permission for all
 * brokers, read permission for `ca`, and the environment names that kafkajs reads (NODE_ENV, KAFKAJS_LOG_LEVEL,
 * KAFKAJS_NO_PARTITIONER_WARNING, KAFKAJS_DEBUG_PROTOCOL_BUFFERS, KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS).
 *
 * @throws TypeError for a URL that cannot be read; DeliveryError where no broker answers in time or the login is refused.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../../../testing/assert.ts";
 * import { openKafkajsBroker } from "./open.ts";
 *
 * await assertRejects(() => openKafkajsBroker("kafka://localhost:9092?sasl=plain"), TypeError, "user and password");
 * ```
 */
export function openKafkajsBroker(url: string, options: KafkaBrokerOptions = {}): Promise<Broker> {
  return openKafka(url, options, KafkajsClient.create);
}
