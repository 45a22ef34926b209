/**
 * Dead letters: from the ledger to their topic.
 *
 * @module
 */
import type { Broker, ProducedRecord } from "../broker/broker.ts";
import type { DeadLetter, Ledger } from "../ledger/ledger.ts";
import type { RelayStep } from "./relay.ts";

const BATCH_RECORDS = 500;
const NOTHING_DUE = Infinity;

/** The name under which the ledger keeps how far dead letters were sent on. */
export const DEAD_LETTER_LISTENER = "dead-letter";

/** The topic that the dead letters of a topic go to. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`;
}

/**
 * Makes the step that sends a partition's dead letters on, with their original key and bytes.
 *
 * Headers say `reason`, `detail`, and the record's `topic`, `partition` and `offset`, by which a repeat can be known.
 * Once delivered, their bytes are dropped from the ledger.
 */
export function deadLetterStep(broker: Broker, ledger: Ledger, topic: string, partition: number): RelayStep {
  let position: number | undefined;
  return async () => {
    position ??= await ledger.position(DEAD_LETTER_LISTENER, topic, partition);
    const letters = await ledger.deadLettersAfter(topic, partition, position, BATCH_RECORDS);
    if (letters.length === 0) return NOTHING_DUE;
    // Asked after the letters: those that another owner had sent on, and whose bytes are gone, are told by it.
    const told = await ledger.position(DEAD_LETTER_LISTENER, topic, partition);
    const due = letters.filter(({ offset }) => offset > told);
    if (due.length > 0) {
      await broker.produce(deadLetterTopic(topic), due.map((letter) => recordOf(letter, topic, partition)));
    }
    const last = letters[letters.length - 1].offset;
    await ledger.advance(DEAD_LETTER_LISTENER, topic, partition, last);
    await ledger.forgetDeadLetters(topic, partition, last);
    position = last;
    return "more";
  };
}

function recordOf(letter: DeadLetter, topic: string, partition: number): ProducedRecord {
  return {
    key: letter.key,
    value: letter.value,
    headers: {
      reason: letter.reason,
      detail: letter.detail,
      topic,
      partition: String(partition),
      offset: String(letter.offset),
    },
  };
}
