import type { Broker } from "../broker/broker.ts";
import type { AlertChannel, AlertSink } from "./alerts.ts";
import { alertMessage } from "./message.ts";

/** Topic of the alerts. */
export const ALERT_TOPIC = "fraud-alerts";

/** Records of a topic, for programs. */
export const topicChannel: AlertChannel = {
  name: "topic",
  help: `${ALERT_TOPIC}, each by itself`,
  isForPeople: false,
  open: ({ broker, publicUrl }) => Promise.resolve(openTopic(broker, { publicUrl })),
};

/**
 * Opens a topic as a listener; it is made with the first alerts.
 *
 * A record is keyed by the customer, so that a customer's alerts keep their order. Its value is the alert's message as
 * JSON; the header `alert_id` is there to drop repeats by.
 *
 * @param broker Not closed with the listener.
 * @param options `publicUrl` is the address of the page, for the link.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite/broker.ts";
 * import { alertOf } from "./testing/contract.ts";
 * import { openTopic } from "./topic.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await using alerts = openTopic(broker);
 * await alerts.send([alertOf(7)]);
 * assertEquals((await broker.offsets("fraud-alerts"))[0].endOffset, 1);
 * ```
 */
export function openTopic(broker: Broker, { publicUrl }: { publicUrl?: string } = {}): AlertSink {
  let isMade = false;
  return {
    async send(alerts) {
      if (alerts.length === 0) return;
      if (!isMade) await broker.ensureTopic(ALERT_TOPIC);
      isMade = true;
      await broker.produce(
        ALERT_TOPIC,
        alerts.map((alert) => {
          const message = alertMessage(alert, publicUrl);
          const key = message.kind === "rest" ? null : String(message.verdict.customer_id);
          return { key, value: JSON.stringify(message), headers: { alert_id: alert.id } };
        }),
      );
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
