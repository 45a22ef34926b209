import type { Broker, ProducedRecord } from "../broker/broker.ts";
import { outcomeOf } from "../ledger/testing/outcomes.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { assertEquals } from "../testing/assert.ts";
import { deadLetterStep } from "./dead_letters.ts";

const TOPIC = "transactions";

Deno.test("deadLetterStep() of an owner that was frozen sends no dead letter on whose bytes are gone", async () => {
  const folder = await Deno.makeTempDir();
  const sent: ProducedRecord[] = [];
  const broker = {
    produce: (_topic: string, records: readonly ProducedRecord[]) =>
      Promise.resolve(void sent.push(...records)),
  } as unknown as Broker;
  try {
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const { epoch } = await ledger.claim(TOPIC, 0, { owner: "a", streamId: "s" });
    const frozen = deadLetterStep(broker, ledger, { topic: TOPIC, partition: 0 });
    assertEquals(await frozen(true), Infinity);

    const outcome = outcomeOf(TOPIC, [0, 40], epoch);
    await ledger.commit(outcome);
    const next = deadLetterStep(broker, ledger, { topic: TOPIC, partition: 0 });
    assertEquals(await next(true), "more");
    const more = outcomeOf(TOPIC, [40, 60], epoch);
    await ledger.commit(more);

    assertEquals([await frozen(true), await frozen(true)], ["more", Infinity]);
    assertEquals(
      sent.map(({ key, value, headers }) => ({ key, value, offset: Number(headers?.offset) })),
      [...outcome.deadLetters, ...more.deadLetters].map(({ key, value, offset }) => ({ key, value, offset })),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
