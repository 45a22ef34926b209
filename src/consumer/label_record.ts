import { setImmediate } from "node:timers/promises";
import type { Broker, RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import type { Decoder } from "../decode/wasm.ts";
import type { LabelColumns } from "../domain/label.ts";
import type { StreamLabel } from "../ledger/labels.ts";
import { deliverLabels, type LabelParts } from "../relay/labels/record_label.ts";
import type { RelayStep } from "../relay/relay.ts";
import type { LabelTopic } from "./label_topic.ts";

/** What records labels. */
export interface LabelRecordParts extends LabelParts {
  broker: LabelParts["broker"] & Pick<Broker, "read">;
  decoder: Pick<Decoder, "decodeLabels">;
  labels: Pick<LabelTopic, "ranges">;
  /** Called for labels that the stream deleted before they were recorded. */
  onLost(partition: number, count: number): void;
}

const LOOK_AGAIN_MS = 1000;
/** Answers that another process recorded and could not produce in this time are produced here. */
const LEFT_AFTER_MS = 10_000;
/** Labels in one SQL transaction. */
const BATCH_RECORDS = 4096;

/**
 * Records the labels that come by the stream in the ledger, where people see them, and produces answers that were left there.
 *
 * One member does it, beside the features, which read the topic for themselves. The ledger holds how far it came.
 */
export function labelRecordStep(parts: LabelRecordParts): RelayStep {
  const offsets: number[] = [];
  let deliveredAt = -Infinity;
  return async (_finish, signal) => {
    if (performance.now() - deliveredAt > LEFT_AFTER_MS) {
      await deliverLabels(parts, LEFT_AFTER_MS);
      deliveredAt = performance.now();
    }
    for (const [partition, range] of (await parts.labels.ranges() ?? []).entries()) {
      const { ledger: { labels }, labelTopic } = parts;
      offsets[partition] ??= await labels.streamOffset(labelTopic, partition);
      if (offsets[partition] === range.endOffset) continue;
      offsets[partition] = await recordRange(parts, {
        partition,
        expectedOffset: offsets[partition],
        ...range,
      }, signal);
      if (signal?.aborted) return LOOK_AGAIN_MS;
    }
    return LOOK_AGAIN_MS;
  };
}

/** Records a partition's labels up to its end; gives the offset to read next. */
async function recordRange(
  parts: LabelRecordParts,
  range: { partition: number; expectedOffset: number; startOffset: number; endOffset: number },
  signal: AbortSignal | undefined,
): Promise<number> {
  const { ledger: { labels }, broker, decoder, labelTopic: topic, onLost } = parts;
  const { partition, startOffset, endOffset } = range;
  let { expectedOffset } = range;
  const add = async (nextOffset: number, found: StreamLabel[]) => {
    const stretch = { topic, partition, expectedOffset, nextOffset };
    expectedOffset = await labels.addFromStream(stretch, found, Date.now());
    return expectedOffset === nextOffset;
  };
  // A topic that ends before what was recorded was made anew; the ledger knows what it holds of it.
  const wanted = expectedOffset > endOffset ? 0 : expectedOffset;
  if (wanted > 0 && wanted < startOffset) onLost(partition, startOffset - wanted);
  const fromOffset = Math.max(wanted, startOffset);
  const options = { fromOffset, toOffset: endOffset, maxBatchRecords: BATCH_RECORDS, signal };
  for await (const batch of broker.read(topic, partition, options)) {
    const { columns } = decoder.decodeLabels(batch);
    if (!await add(batch.nextOffset, labelsOf(batch, columns)) || signal?.aborted) return expectedOffset;
    await setImmediate();
  }
  // The last offsets may hold no record.
  if (expectedOffset !== endOffset) await add(endOffset, []);
  return expectedOffset;
}

/** The labels of a batch with the text of their ids, which its columns do not have. */
function labelsOf(batch: RecordBatch, columns: LabelColumns): StreamLabel[] {
  return Array.from({ length: columns.count }, (_, row) => {
    const text = decoder.decode(valueOf(batch, columns.recordIndex[row])!);
    const source: Record<string, unknown> = JSON.parse(text);
    const id = (field: string) => {
      const value = source[field];
      if (typeof value !== "number" || Number.isSafeInteger(value)) return String(value);
      // The digits of the text; the number has lost some.
      return new RegExp(`"${field}"\\s*:\\s*(\\d+)`).exec(text)?.[1] ?? String(value);
    };
    const z = columns.z[row];
    return {
      transactionId: id("transaction_id"),
      customerId: id("customer_id"),
      terminalId: id("terminal_id"),
      timestampMs: columns.timestampMs[row],
      z: Number.isNaN(z) ? null : z,
      isFraud: columns.isFraud[row] === 1,
      labelledAtMs: columns.labelledAtMs[row],
    };
  });
}

const decoder = new TextDecoder();
