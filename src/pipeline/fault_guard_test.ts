import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import type { DeadLetter } from "../ledger/ledger.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { outcomeOf } from "../ledger/testing/outcomes.ts";
import { loadModel } from "../forest/load.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../testing/assert.ts";
import { FaultGuard, FaultyStreamError } from "./fault_guard.ts";
import { Judge } from "./judge.ts";

const letter = (offset: number, value = '{"card":"c1","cents":5}'): DeadLetter => ({
  offset,
  reason: offset % 3 === 0 ? "missing-field" : "wrong-field",
  detail: "Cannot read the transaction as it must have amount: it has none",
  key: null,
  value: new TextEncoder().encode(value),
  producedAtMs: 1,
});
const letters = (count: number) => Array.from({ length: count }, (_, offset) => letter(offset));
const OWN =
  '{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","amount":12.5,"timestamp":"2026-01-02T03:04:05Z"}';

async function withGuard(
  run: (
    open: (tolerated?: number) => Promise<FaultGuard>,
    commit: (value: string) => Promise<void>,
  ) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  await using ledger = openSqliteLedger(`${folder}/ledger.db`);
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  await broker.ensureTopic("t");
  using judge = await Judge.open(await loadModel("model"));
  const open = (tolerated = 0.5) => FaultGuard.open("t", tolerated, { ledger, judge, broker });
  const commit = async (value: string) => {
    await broker.produce("t", Array.from({ length: 1000 }, () => ({ key: null, value })));
    const { epoch } = await ledger.claim("t", 0, { streamId: "s", owner: "o" });
    const good = outcomeOf("t", [0, 1000], epoch);
    await ledger.commit({
      ...good,
      logMode: "none",
      log: { ...good.log, count: 0 },
      scored: 0,
      flagged: [],
      deadLetters: letters(1000),
    });
  };
  await run(open, commit);
}

Deno.test("FaultGuard stops where all of the first thousand records are faulty, and says what they are", async () => {
  await withGuard(async (open) => {
    const guard = await open();
    assertEquals(guard.committed({ scored: 0, passed: 0, deadLetters: letters(900) }), undefined);
    const error = guard.committed({ scored: 0, passed: 0, deadLetters: letters(100) });
    assert(error instanceof FaultyStreamError);
    assertStringIncludes(
      error.message,
      "all of the first 1000 records of t are faulty: wrong-field 666, missing-field 334",
    );
    assertStringIncludes(error.message, "it has the fields card, cents");
    assertStringIncludes(error.message, "deno task inspect --topic t");
  });
});

Deno.test("FaultGuard stops where more than the tolerated share of ten thousand is faulty", async () => {
  await withGuard(async (open) => {
    const batch = { scored: 5100, passed: 0, deadLetters: letters(4900) };
    assertEquals((await open()).committed(batch), undefined);
    assert((await open(0.4)).committed(batch) !== undefined);
    assertEquals(
      (await open(1)).committed({ scored: 0, passed: 0, deadLetters: letters(20_000) }),
      undefined,
    );
    const guard = await open();
    assertEquals(guard.committed({ scored: 1, passed: 0, deadLetters: letters(9998) }), undefined);
    assertStringIncludes(
      guard.committed({ scored: 1, passed: 0, deadLetters: [] })!.message,
      "9998 of the last 10000 records",
    );
  });
});

Deno.test("FaultGuard says the same at once after a restart, until the records can be read", async () => {
  await withGuard(async (open, commit) => {
    await commit('{"card":"c1"}');
    const error = await assertRejects(() => open(), FaultyStreamError);
    assertStringIncludes(error.message, "all 1000 records of t that were committed are faulty");
    await open(1);
  });
  await withGuard(async (open, commit) => {
    await commit(OWN);
    const guard = await open();
    assertEquals(guard.committed({ scored: 0, passed: 0, deadLetters: letters(1000) }), undefined);
  });
});
