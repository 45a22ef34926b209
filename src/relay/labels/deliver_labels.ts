import type { Broker } from "../../broker/broker.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { encodeLabel } from "./label_record.ts";

/** Where labels are kept, and where they go. */
export interface LabelParts {
  /** Keeps what was said of each transaction. */
  ledger: Pick<Ledger, "find" | "labels" | "name">;
  /** The stream that the features' labels are read from. */
  broker: Pick<Broker, "ensureTopic" | "produce" | "name">;
  /** Topic of the labels; made where it is absent. */
  labelTopic: string;
}

const PAGE = 500;

/**
 * Produces the labels that the ledger holds and the label topic may lack, in the order of their recording.
 *
 * A label is noted as produced after it was, so one whose producer died between the two is produced twice; features count
 * it once.
 *
 * @returns Number of labels produced.
 * @throws DeliveryError where the stream takes none now; the labels stay pending.
 */
export async function deliverLabels({ ledger, broker, labelTopic }: LabelParts): Promise<number> {
  let produced = 0;
  for (;;) {
    const pending = await ledger.labels.pending(labelTopic, PAGE);
    if (pending.length === 0) return produced;
    if (produced === 0) await broker.ensureTopic(labelTopic);
    await broker.produce(
      labelTopic,
      pending.map((label) => ({ key: label.customerId, value: encodeLabel(label) })),
    );
    await ledger.labels.markProduced(pending.map(({ labelId }) => labelId));
    produced += pending.length;
  }
}
