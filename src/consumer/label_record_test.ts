import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { openDecoder } from "../decode/wasm.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { assertEquals } from "../testing/assert.ts";
import { buildModule } from "../testing/module.ts";
import { labelRecordStep } from "./label_record.ts";
import { LabelTopic } from "./label_topic.ts";

const AT_MS = Date.UTC(2026, 0, 8);

/** The JSON of a label; `id` as it stands in the text. */
function label(id: string, isFraud: unknown, labelledAtMs = AT_MS): string {
  return `{"transaction_id":${id},"customer_id":"c","terminal_id":7,"timestamp":"2026-01-01T00:00:00Z",` +
    `"is_fraud":${isFraud},"labelled_at":${labelledAtMs}}`;
}

Deno.test("labelRecordStep() records each label of the stream once, whoever reads it, and none that went there", async () => {
  await buildModule();
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const decoder = await openDecoder();
    await using labels = new LabelTopic({ broker, decoder, labelTopic: "labels" });
    const lost: number[][] = [];
    const open = () =>
      labelRecordStep({
        ...{ broker, ledger, decoder, labels, labelTopic: "labels" },
        onLost: (...each) => void lost.push(each),
      });
    const produce = (...values: (string | null)[]) =>
      broker.produce("labels", values.map((value) => ({ key: null, value, timestampMs: AT_MS })));
    const history = async (id: string) =>
      (await ledger.labels.history(id)).labels.map((each) => [each.isFraud, each.labelledAtMs, each.source]);
    const step = open();
    assertEquals(await step(false), 1000);
    await broker.ensureTopic("labels", { partitions: 2 });
    const given = {
      ...{ topic: "labels", transactionId: "own", customerId: "c", terminalId: "7", z: null, isFraud: true },
      ...{ timestampMs: Date.UTC(2026, 0, 1), labelledAtMs: AT_MS, labelledBy: "ann", claimedBy: null },
    };
    // An answer whose process ended before it was produced, an hour ago.
    await ledger.labels.add([{ ...given, decidedAtMs: Date.now() - 3_600_000, source: "api" }]);
    await produce(
      label('"a"', true),
      "no label",
      null,
      label("55", 0),
      label('"a"', true),
      label('"a"', false, AT_MS + 5000),
    );
    await labels.ranges(true);
    for (const each of [open(), open(), open()]) await each(true);
    assertEquals(await history("a"), [[true, AT_MS, "stream"], [false, AT_MS + 5000, "stream"]]);
    assertEquals(await history("55"), [[false, AT_MS, "stream"]]);
    assertEquals(await history("own"), [[true, AT_MS, "api"]]);
    assertEquals(await ledger.labels.pending("labels", 10), []);
    // Both go on where the other was.
    const other = open();
    await other(false);
    await produce(label('"b"', true));
    await labels.ranges(true);
    await Promise.all([step(true), other(true)]);
    await labels.ranges(true);
    await Promise.all([step(true), other(true)]);
    assertEquals(await history("b"), [[true, AT_MS, "stream"]]);
    const ends = (await broker.offsets("labels")).map(({ endOffset }) => endOffset);
    const recorded = [0, 1].map((partition) => ledger.labels.streamOffset("labels", partition));
    assertEquals([await Promise.all(recorded), lost], [ends, []]);
  }
  await Deno.remove(folder, { recursive: true });
});
