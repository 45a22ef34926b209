import type { Broker } from "../broker/broker.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { assertEquals } from "../testing/assert.ts";
import { type AlertCounts, verifyAlerts } from "./alerts.ts";
import { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

const TOPIC = "card/payments";

/** A ledger that has flagged these offsets of partition 0, and counts alerts up to an offset as sent. */
function ledgerOf(flagged: readonly number[], sent: number): Ledger {
  const ledger: Partial<Ledger> = {
    partitions: () =>
      Promise.resolve([TOPIC, "other"].map((topic) => ({ topic, partition: 0, nextOffset: 100 }))),
    position: (listener) => Promise.resolve(listener === "topic" ? sent : 99),
    flaggedAfter: (topic, _partition, after) =>
      Promise.resolve(
        flagged.filter((offset) => offset > after && topic === TOPIC).map((offset) => ({ offset })),
      ) as ReturnType<Ledger["flaggedAfter"]>,
  };
  return ledger as Ledger;
}

interface Case {
  flagged: number[];
  sent: number;
  arrived: number[];
  /** What Kafka says of the alert topic. */
  kafka?: { startOffset: number };
  finds: Record<string, number>;
  counts: AlertCounts;
}

const counts = (alerts: number, alertsRepeated = 0, alertsTrimmed = 0) => ({
  alerts,
  alertsRepeated,
  alertsTrimmed,
});

const cases: Record<string, Case> = {
  "each alert that was sent": {
    flagged: [3, 5, 9],
    sent: 9,
    arrived: [3, 5, 9],
    finds: {},
    counts: counts(3),
  },
  "an alert that is missing": {
    flagged: [3, 5, 9],
    sent: 9,
    arrived: [3, 9],
    finds: { "alert-missing": 1 },
    counts: counts(2),
  },
  "alerts that came again": {
    flagged: [3, 5],
    sent: 5,
    arrived: [3, 5, 3, 5, 5],
    finds: {},
    counts: counts(2, 3),
  },
  "alerts that are not sent yet": {
    flagged: [3, 5, 9],
    sent: 3,
    arrived: [3, 5],
    finds: { "alert-not-sent": 1 },
    counts: counts(2),
  },
  "a topic that lost all": {
    flagged: [3, 5],
    sent: 5,
    arrived: [],
    finds: { "alert-missing": 2 },
    counts: counts(0),
  },
  "what retention removed, and what it did not": {
    flagged: [1, 2, 3, 5, 9],
    sent: 9,
    arrived: [1, 2, 3, 9],
    kafka: { startOffset: 2 },
    finds: { "alert-missing": 1 },
    counts: counts(2, 0, 2),
  },
};

for (const [what, { flagged, sent, arrived, kafka, finds, counts }] of Object.entries(cases)) {
  Deno.test(`verifyAlerts() tells of ${what}`, async () => {
    await using stream = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
    await stream.ensureTopic("fraud-alerts");
    const alerts = [...arrived.map((offset) => `${TOPIC}/0/${offset}`), "payments/0/5", "other/0/3"];
    await stream.produce(
      "fraud-alerts",
      alerts.map((alert_id) => ({ key: "c", value: "{}", headers: { alert_id } })),
    );
    await stream.produce("fraud-alerts", [{ key: "c", value: "no alert" }]);
    const [bounds] = await stream.offsets("fraud-alerts");
    const broker: Partial<Broker> = {
      prunes: kafka !== undefined,
      partitions: (topic) => stream.partitions(topic),
      offsets: () => Promise.resolve([{ ...bounds, ...kafka }]),
      read: (topic, partition, options) => stream.read(topic, partition, options),
    };
    const problems = new Problems();
    const found = await verifyAlerts(
      { broker, ledger: ledgerOf(flagged, sent), topic: TOPIC } as VerifyParts,
      problems,
    );
    assertEquals(found, counts);
    assertEquals(Object.fromEntries(problems.summary().map(({ kind, count }) => [kind, count])), finds);
  });
}
