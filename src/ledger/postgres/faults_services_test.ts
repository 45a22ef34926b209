import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { outcomeOf } from "../testing/outcomes.ts";
import { FencedError, type Ledger } from "../ledger.ts";
import { openPostgresLedger } from "./ledger.ts";
import { dropSchemas, inSchema, openThroughProxy, postgres } from "./testing/database.ts";

Deno.test.afterAll(dropSchemas);

const topic = "transactions";
const claimed = (ledger: Ledger) => ledger.claim(topic, 0, { owner: "a", streamId: "s" });

async function assertCommittedOnce(ledger: Ledger, outcome: ReturnType<typeof outcomeOf>) {
  const offsets = (await Array.fromAsync(ledger.logged(topic, 0))).flat().map(({ offset }) => offset);
  assertEquals(offsets, [...outcome.log.offset]);
  assertEquals(await ledger.flaggedAfter(topic, 0, -1, 1000), outcome.flagged);
  assertEquals(await ledger.deadLettersAfter(topic, 0, -1, 1000), outcome.deadLetters);
  assertEquals((await ledger.summary(topic)).scored, outcome.scored);
}

const COMMIT = /^Q....COMMIT/s;
const PREPARED = /commit_outcome/;

for (const [what, passage] of [["before the server has it", "cut"], ["after the server has it", "answer"]]) {
  for (
    const [kind, pattern, logged] of [
      ["COMMIT, after a COPY,", COMMIT, 1000],
      ["the one statement of a commit", PREPARED, 0],
      ["the one statement of a commit with log rows", PREPARED, 100],
    ] as const
  ) {
    Deno.test({
      ...postgres.test(`commit() commits once where the connection is cut in ${kind}, ${what}`),
      async fn() {
        let state: "idle" | "armed" | "sent" = "idle";
        let cuts = 0;
        await using proxied = await openThroughProxy({
          inspect(bytes, towards) {
            const text = new TextDecoder("latin1").decode(bytes);
            if (state === "armed" && towards === "target" && pattern.test(text)) {
              state = passage === "cut" ? "idle" : "sent";
              if (passage !== "cut") return "pass";
              cuts++;
              return "cut";
            }
            if (state !== "sent" || towards !== "client") return "pass";
            state = "idle";
            cuts++;
            return "cut";
          },
        });
        const { epoch } = await claimed(proxied.ledger);
        const outcome = logged > 0 ? outcomeOf(topic, [0, logged], epoch) : {
          ...outcomeOf(topic, [0, 100], epoch),
          logMode: "none" as const,
          log: outcomeOf(topic, [0, 0], 1).log,
        };
        state = "armed";
        await proxied.ledger.commit(outcome);
        assertEquals(cuts, 1);
        await assertCommittedOnce(proxied.ledger, outcome);
      },
    });
  }
}

Deno.test({
  ...postgres.test(
    "commit() gets through after connections hung open half-way, and holds no lock for longer",
  ),
  async fn() {
    let armed = false;
    const hang = Promise.withResolvers<void>();
    await using proxied = await openThroughProxy({
      inspect(bytes, towards) {
        // The guarded statement goes on, its answer does not come: the transaction stays open at the server.
        if (armed && towards === "target" && PREPARED.test(new TextDecoder("latin1").decode(bytes))) {
          armed = false;
          queueMicrotask(() => {
            proxied.proxy.hold();
            hang.resolve();
          });
        }
        return "pass";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    const outcome = outcomeOf(topic, [0, 1000], epoch);
    armed = true;
    const committing = proxied.ledger.commit(outcome);
    await hang.promise;
    // Another machine takes over meanwhile: its claim waits no longer than the server keeps the silent transaction.
    await using other = await openPostgresLedger(inSchema(proxied.schema));
    const taken = await other.claim(topic, 0, { owner: "b", streamId: "s" });
    assertEquals([taken.epoch, taken.nextOffset], [epoch + 1, undefined]);
    proxied.proxy.resume();
    await assertRejects(() => committing, FencedError);
    await other.commit({ ...outcome, epoch: taken.epoch });
    await assertCommittedOnce(other, outcome);
  },
});

Deno.test({
  ...postgres.test("a consumer that freezes while it copies does not keep the next owner from committing"),
  async fn() {
    let armed = false;
    const frozen = Promise.withResolvers<void>();
    await using proxied = await openThroughProxy({
      ledger: { queryTimeoutMs: 5_000, idleTransactionTimeoutMs: 60_000 },
      inspect(bytes, towards) {
        if (armed && towards === "target" && new TextDecoder("latin1").decode(bytes).includes("COPY ")) {
          armed = false;
          queueMicrotask(() => {
            proxied.proxy.hold();
            frozen.resolve();
          });
        }
        return "pass";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    const outcome = outcomeOf(topic, [0, 1000], epoch);
    armed = true;
    const committing = proxied.ledger.commit(outcome);
    await frozen.promise;
    await using other = await openPostgresLedger(inSchema(proxied.schema));
    const taken = await other.claim(topic, 0, { owner: "b", streamId: "s" });
    await other.commit({ ...outcome, epoch: taken.epoch });
    proxied.proxy.resume();
    await assertRejects(() => committing, FencedError);
    await assertCommittedOnce(other, outcome);
  },
});

Deno.test({
  ...postgres.test("recordCuts() records once where its answer is lost"),
  async fn() {
    let state: "idle" | "armed" | "sent" = "idle";
    await using proxied = await openThroughProxy({
      inspect(bytes, towards) {
        if (state === "armed" && towards === "target") {
          if (new TextDecoder("latin1").decode(bytes).includes("INSERT INTO object_cut")) state = "sent";
          return "pass";
        }
        if (state !== "sent" || towards !== "client") return "pass";
        state = "idle";
        return "cut";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    await proxied.ledger.commit(outcomeOf(topic, [0, 10], epoch));
    const cut = {
      topic,
      partition: 0,
      firstOffset: 0,
      lastOffset: 9,
      hourMs: 3_600_000,
      format: "ndjson",
    } as const;
    const cuts = [{ ...cut, key: `${proxied.schema}/a`, rows: 2, byteLength: 10, sha256: "ab" }];
    state = "armed";
    await proxied.ledger.recordCuts(topic, 0, epoch, cuts);
    assertEquals(state, "idle");
    assertEquals(await proxied.ledger.pendingCuts(topic, 0, 10), cuts);
  },
});

Deno.test({
  ...postgres.test(
    "a ledger comes back by itself after the server was away, and says so where it stays away",
  ),
  async fn() {
    const failures: unknown[] = [];
    await using proxied = await openThroughProxy({
      ledger: { deadlineMs: 1_500, onRetry: (error) => failures.push(error) },
    });
    const { epoch } = await claimed(proxied.ledger);
    proxied.proxy.refuse();
    const error = await assertRejects(
      () => proxied.ledger.commit(outcomeOf(topic, [0, 10], epoch)),
      DeliveryError,
      "Cannot commit transactions/0",
    );
    assertEquals(error.retriable, true);
    assert(failures.length > 1, `${failures.length} failures`);
    assert(!error.message.includes(postgres.services.postgres.password));
    proxied.proxy.resume();
    await proxied.ledger.commit(outcomeOf(topic, [0, 10], epoch));
    proxied.proxy.cut();
    assertEquals((await proxied.ledger.partitions())[0].nextOffset, 10);
  },
});
