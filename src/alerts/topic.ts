/**
 * Alerts as records of a topic.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import type { Alert, AlertSink } from "./alerts.ts";
import { describeVerdict } from "./describe.ts";

/** The topic that alerts go to unless told. */
export const ALERT_TOPIC = "fraud-alerts";

/**
 * Opens a topic as a listener; it is made with the first alerts.
 *
 * A record is keyed by the customer, so that a customer's alerts keep their order. Its value is the verdict's JSON with
 * `alert_id` and `text`, the reasons in words, before it; the header `alert_id` is there to drop repeats by.
 *
 * @param broker Not closed with the listener.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite.ts";
 * import { alertOf } from "./contract.ts";
 * import { openTopic } from "./topic.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await using alerts = openTopic(broker, "fraud-alerts");
 * await alerts.send([alertOf(7)]);
 * assertEquals((await broker.offsets("fraud-alerts"))[0].endOffset, 1);
 * ```
 */
export function openTopic(broker: Broker, topic: string = ALERT_TOPIC): AlertSink {
  let isMade = false;
  return {
    async send(alerts) {
      if (alerts.length === 0) return;
      if (!isMade) await broker.ensureTopic(topic);
      isMade = true;
      await broker.produce(topic, alerts.map(recordOf));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function recordOf({ id, verdict }: Alert) {
  const fields = JSON.parse(verdict);
  return {
    key: String(fields.customer_id),
    value: JSON.stringify({ alert_id: id, text: describeVerdict(fields), ...fields }),
    headers: { alert_id: id },
  };
}
