import { openSqliteBroker } from "../../broker/sqlite/broker.ts";
import { valueOf } from "../../broker/record_batch.ts";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { outcomeOf } from "../../ledger/testing/outcomes.ts";
import { openSqliteLedger } from "../../ledger/sqlite/ledger.ts";
import type { Outcome } from "../../ledger/ledger.ts";
import { decodeLabel } from "../../decode/label.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { type LabelParts, recordLabel, UnknownTransactionError } from "./record_label.ts";

const AT_MS = Date.UTC(2026, 5, 1);

/** A ledger with transactions, and a stream; `topic` and `change` are those of what is committed. */
async function withTransactions(
  use: (parts: LabelParts, labels: () => Promise<Record<string, unknown>[]>) => Promise<void>,
  changes: Partial<Outcome>[] = [{}],
) {
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    for (const [partition, change] of changes.entries()) {
      const { epoch } = await ledger.claim("transactions", partition, { owner: "a", streamId: "s" });
      await ledger.commit({ ...outcomeOf("transactions", [0, 10], epoch), partition, ...change });
    }
    const labels = async () => {
      const found: Record<string, unknown>[] = [];
      for await (const batch of broker.read("labels", 0, { fromOffset: 0 })) {
        for (let i = 0; i < batch.count; i++) {
          decodeLabel(valueOf(batch, i));
          found.push(JSON.parse(new TextDecoder().decode(valueOf(batch, i)!)));
        }
      }
      return found;
    };
    await use({ broker, ledger, labelTopic: "labels" }, labels);
  }
  await Deno.remove(folder, { recursive: true });
}

Deno.test("recordLabel() keeps the answer and produces the label, once however often it is given", async () => {
  await withTransactions(async (parts, labels) => {
    const answer = { transactionId: "t1", isFraud: true, by: "Ann", source: "api" } as const;
    const first = await recordLabel(parts, answer, { labelledAtMs: AT_MS });
    assertEquals([first.recorded.length, first.produced, first.history.total], [1, 1, 1]);
    assertEquals([first.history.labels[0].labelledBy, first.history.labels[0].produced], ["Ann", true]);
    assertEquals(await labels(), [{
      transaction_id: "t1",
      customer_id: "c'1",
      terminal_id: "ß\\1",
      timestamp: "2023-11-14T22:14:20.000Z",
      is_fraud: true,
      labelled_at: "2026-06-01T00:00:00.000Z",
    }]);
    const again = await recordLabel(parts, { ...answer, by: "Bob" });
    assertEquals([again.recorded.length, again.produced, again.history.total], [0, 0, 2]);
    assertEquals([again.history.labels[1].labelledBy, again.history.labels[1].repeats], ["Bob", true]);
    for (const { decidedAtMs, source } of again.history.labels) {
      assert(Math.abs(decidedAtMs! - Date.now()) < 60_000, "the clock's time, whatever the event's");
      assertEquals(source, "api");
    }
    const other = await recordLabel(parts, { ...answer, isFraud: false }, { labelledAtMs: AT_MS - 5000 });
    assertEquals(other.history.labels.map(({ isFraud }) => isFraud), [true, true, false]);
    assertEquals((await labels()).map(({ is_fraud, labelled_at }) => [is_fraud, labelled_at]), [
      [true, "2026-06-01T00:00:00.000Z"],
      [false, "2026-06-01T00:00:01.000Z"],
    ]);
  });
});

Deno.test("recordLabel() takes the z of a flagged transaction from its verdict, and no time before the transaction's", async () => {
  const [flagged] = outcomeOf("transactions", [3, 4], 1).flagged;
  const verdict = (reasons: unknown) => ({ flagged: [{ ...flagged, verdict: JSON.stringify({ reasons }) }] });
  for (
    const [reasons, z] of [
      [[{ feature: "amount", value: 9 }, { feature: "z", value: 3.5 }], 3.5],
      [[{ feature: "amount", value: 9 }], undefined],
      [[{ feature: "z", value: null }], undefined],
      [undefined, undefined],
    ]
  ) {
    await withTransactions(async (parts, labels) => {
      await recordLabel(parts, { transactionId: "t3", isFraud: true, source: "api" }, { labelledAtMs: 0 });
      const [label] = await labels();
      assertEquals([label.z, label.labelled_at], [z, label.timestamp]);
    }, [verdict(reasons)]);
  }
});

Deno.test("recordLabel() labels each transaction of an id that came more than once, a repeated record once", async () => {
  const { log } = outcomeOf("transactions", [0, 10], 1, {}, () => ({ terminalId: "elsewhere" }));
  const elsewhere = { log, flagged: [] };
  await withTransactions(async (parts, labels) => {
    const result = await recordLabel(parts, { transactionId: "t1", isFraud: true, source: "api" });
    assertEquals(result.matches.map(({ partition }) => partition), [0, 1, 2]);
    assertEquals((await labels()).map(({ terminal_id }) => terminal_id), ["ß\\1", "elsewhere"]);
    assertEquals(
      (await recordLabel(parts, { transactionId: "t1", isFraud: true, source: "api" })).recorded,
      [],
    );
  }, [{}, {}, elsewhere]);
});

Deno.test("recordLabel() delivers what an earlier call could not, in order and not twice", async () => {
  await withTransactions(async (parts, labels) => {
    const down = new DeliveryError("Cannot produce: the broker is away", { retriable: true });
    const away = { ...parts, broker: { ...parts.broker, ensureTopic: () => Promise.reject(down) } };
    for (const isFraud of [true, false]) {
      const { recorded, undelivered, produced } = await recordLabel(away, {
        transactionId: "t2",
        isFraud,
        source: "api",
      });
      assertEquals([recorded.length, produced], [1, 0]);
      assert(undelivered === down);
    }
    const { produced } = await recordLabel(parts, { transactionId: "t4", isFraud: true, source: "api" });
    assertEquals(produced, 3);
    assertEquals((await labels()).map(({ transaction_id, is_fraud }) => [transaction_id, is_fraud]), [
      ["t2", true],
      ["t2", false],
      ["t4", true],
    ]);
    assertEquals(
      (await recordLabel(parts, { transactionId: "t4", isFraud: true, source: "api" })).produced,
      0,
    );
  });
});

Deno.test("recordLabel() passes on what is no trouble of delivery", async () => {
  await withTransactions(async (parts) => {
    const broken = {
      ...parts,
      broker: { ...parts.broker, ensureTopic: () => Promise.reject(new TypeError("x")) },
    };
    await assertRejects(
      () => recordLabel(broken, { transactionId: "t2", isFraud: true, source: "api" }),
      TypeError,
      "x",
    );
  });
});

Deno.test("recordLabel() refuses a transaction that nobody knows, and a name that is none", async () => {
  await withTransactions(async (parts, labels) => {
    for (const transactionId of ["t99", "", "t1 ", "%"]) {
      await assertRejects(
        () => recordLabel(parts, { transactionId, isFraud: true, source: "api" }),
        UnknownTransactionError,
        `Cannot label the transaction ${transactionId}`,
      );
    }
    for (const by of ["", "a\u0000b", "x".repeat(129), "a\nb"]) {
      await assertRejects(
        () => recordLabel(parts, { transactionId: "t1", isFraud: true, source: "api", by }),
        RangeError,
      );
    }
    assertEquals(await parts.ledger.labels.pending("labels", 10), []);
    await parts.broker.ensureTopic("labels");
    assertEquals(await labels(), []);
  });
});
