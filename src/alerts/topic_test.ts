import { assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import type { Broker } from "../broker/broker.ts";
import { alertOf, alertsContract } from "./testing/contract.ts";
import { openTopic } from "./topic.ts";

async function readAlerts(broker: Broker) {
  const values = [];
  for await (const batch of broker.read("fraud-alerts", 0, { fromOffset: 0 })) {
    for (let i = 0; i < batch.count; i++) {
      values.push({ ...JSON.parse(new TextDecoder().decode(valueOf(batch, i)!)), headers: batch.headers(i) });
    }
  }
  return values;
}

alertsContract("topic", {
  open() {
    const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
    return Promise.resolve({
      sink: openTopic(broker),
      async received() {
        const alerts = await readAlerts(broker);
        await broker[Symbol.asyncDispose]();
        return alerts.map(({ verdict }) => verdict.transaction_id);
      },
    });
  },
});

Deno.test("openTopic() sends the verdict with a stable id, the reasons in words, and a link", async () => {
  await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await using sink = openTopic(broker, { publicUrl: "https://fraud.example" });
  await sink.send([alertOf(3)]);
  const [alert] = await readAlerts(broker);
  assertEquals(alert.alert_id, "transactions/0/3");
  assertEquals(alert.headers.alert_id, "transactions/0/3");
  assertStringIncludes(alert.text, "amount of 12.50");
  assertEquals(alert.url, "https://fraud.example/#/transactions/t3");
  assertEquals(alert.verdict, JSON.parse(alertOf(3).verdict));
});
