import type { Broker, ProducedRecord } from "../broker/broker.ts";
import type { Partition } from "../domain/place.ts";
import type { DeadLetter, Ledger } from "../ledger/ledger.ts";
import type { RelayStep } from "./relay.ts";

const BATCH_RECORDS = 500;
const NOTHING_DUE = Infinity;

/** The listener whose position in the ledger says how far dead letters were sent on. */
export const DEAD_LETTER_LISTENER = "dead-letter";

/** The topic that the dead letters of a topic go to. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`;
}

/**
 * Makes the step that sends a partition's dead letters on, with their original key and bytes.
 *
 * Headers hold `reason`, `detail`, and the record's `topic`, `partition` and `offset`, which identify a repeat.
 * Once they are delivered, the ledger drops their bytes.
 */
export function deadLetterStep(
  broker: Broker,
  ledger: Ledger,
  { topic, partition }: Partition,
): RelayStep {
  let position: number | undefined;
  return async () => {
    position ??= await ledger.position(DEAD_LETTER_LISTENER, topic, partition);
    const letters = await ledger.deadLettersAfter(topic, partition, position, BATCH_RECORDS);
    if (letters.length === 0) return NOTHING_DUE;
    // Read after the letters: another owner may have sent some of these on, and their bytes are gone.
    const told = await ledger.position(DEAD_LETTER_LISTENER, topic, partition);
    const due = letters.filter(({ offset }) => offset > told);
    if (due.length > 0) {
      await broker.produce(
        deadLetterTopic(topic),
        due.map((letter) => recordOf(letter, { topic, partition })),
      );
    }
    const last = letters[letters.length - 1].offset;
    await ledger.advance(DEAD_LETTER_LISTENER, topic, partition, last);
    await ledger.forgetDeadLetters(topic, partition, last);
    position = last;
    return "more";
  };
}

function recordOf(letter: DeadLetter, { topic, partition }: Partition): ProducedRecord {
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
