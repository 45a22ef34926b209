import type { Broker } from "../../broker/broker.ts";
import { KeyIndex, MOST_KEYS } from "../../features/state/key_index.ts";
import { UNKNOWN_LABEL } from "../train_stream.ts";
import type { LabelColumns } from "../../domain/label.ts";
import type { Decoder } from "../../decode/wasm.ts";

const LOW = 0, HIGH = 1, LABELLED_AT = 2, IS_FRAUD = 3, STRIDE = 4;

/**
 * What is known of transactions by now: the newest label of each, by when it became known.
 *
 * Some 16 bytes a labelled transaction, and its share of the index.
 */
export class LabelTruths {
  readonly #index = new KeyIndex(MOST_KEYS);
  #words: Uint32Array = new Uint32Array(1024 * STRIDE);
  #size = 0;

  /** Takes labels in. */
  add(labels: LabelColumns): void {
    const { transactionKey, labelledAtMs, isFraud, count } = labels;
    for (let row = 0; row < count; row++) {
      const low = transactionKey[2 * row];
      const high = transactionKey[2 * row + 1];
      const labelledAt = Math.max(0, labelledAtMs[row] / 1000);
      const known = this.#index.find(low, high, this.#words, STRIDE);
      if (known >= 0 && this.#words[known * STRIDE + LABELLED_AT] > labelledAt) continue;
      const at = (known >= 0 ? known : this.#addEntry(low, high)) * STRIDE;
      this.#words[at + LABELLED_AT] = labelledAt;
      this.#words[at + IS_FRAUD] = isFraud[row];
    }
  }

  /** 1 for a fraud, 0 for none, one a transaction; `UNKNOWN_LABEL` where no label came. */
  of(transactionKeys: Uint32Array, count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, row) => {
      const entry = this.#index.find(
        transactionKeys[2 * row],
        transactionKeys[2 * row + 1],
        this.#words,
        STRIDE,
      );
      return entry < 0 ? UNKNOWN_LABEL : this.#words[entry * STRIDE + IS_FRAUD];
    });
  }

  #addEntry(low: number, high: number): number {
    const entry = this.#size++;
    if (this.#size * STRIDE > this.#words.length) {
      const grown = new Uint32Array(2 * this.#words.length);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[entry * STRIDE + LOW] = low;
    this.#words[entry * STRIDE + HIGH] = high;
    this.#index.add(entry, this.#size, this.#words, STRIDE);
    return entry;
  }
}

/** Reads all labels that a topic holds by now; none where there is no such topic. */
export async function readTruths(broker: Broker, decoder: Decoder, labelTopic: string): Promise<LabelTruths> {
  const truths = new LabelTruths();
  if (await broker.partitions(labelTopic) === 0) return truths;
  for (const { partition, startOffset, endOffset } of await broker.offsets(labelTopic)) {
    const range = { fromOffset: startOffset, toOffset: endOffset };
    for await (const batch of broker.read(labelTopic, partition, range)) {
      truths.add(decoder.decodeLabels(batch).columns);
    }
  }
  return truths;
}
