import type { Broker } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import type { DeadLetter, Ledger, Outcome } from "../ledger/ledger.ts";
import type { Judge } from "./judge.ts";
import { deadLetterOf } from "./pipeline.ts";

/** Records of a topic that never had a transaction, after which it is taken for wrongly described. */
const FIRST_RECORDS = 1000;
/** Records over which the share of faults is judged. */
const WINDOW_RECORDS = 10_000;
/** Records of a partition that are decoded again at the start. */
const SAMPLE = 100;
const SHOWN_FIELDS = 20;

/** Records that are faulty in such numbers that they are read wrongly: a person has to look. */
export class FaultyStreamError extends Error {
  /** Name of the class, as stacks show it. */
  override readonly name = "FaultyStreamError";
}

/** What is counted of an outcome. */
export type Counted = Pick<Outcome, "scored" | "passed" | "deadLetters">;

/**
 * Watches what is committed, and says when so much of it is faulty that the stream is read wrongly: all of the first
 * thousand records of a topic, or more than a share of any ten thousand.
 */
export class FaultGuard {
  readonly #topic: string;
  readonly #tolerated: number;
  /** Whether the topic ever had a transaction, or a record that is passed over. */
  #hasGood: boolean;
  #first = 0;
  readonly #window = { records: 0, faults: 0 };
  readonly #reasons = new Map<string, number>();
  #example: DeadLetter | undefined;

  private constructor(topic: string, tolerated: number, hasGood: boolean) {
    this.#topic = topic;
    this.#tolerated = tolerated;
    this.#hasGood = hasGood;
  }

  /**
   * Opens the guard of a topic by what the ledger knows of it.
   *
   * @param tolerated Share of faults that is no reason to stop, from 0 to 1; with 1 nothing is.
   * @throws FaultyStreamError where all that was committed is faulty and would be again.
   */
  static async open(
    topic: string,
    tolerated: number,
    { ledger, judge, broker }: { ledger: Ledger; judge: Judge; broker: Broker },
  ): Promise<FaultGuard> {
    const { scored, passed, deadLetters } = await ledger.summary(topic);
    const guard = new FaultGuard(topic, tolerated, scored + passed > 0);
    if (scored + passed > 0 || deadLetters < FIRST_RECORDS || tolerated >= 1) return guard;
    // The ledger keeps the bytes of a dead letter only until its topic has them.
    const [read, faults] = await readAgain(topic, { broker, judge });
    for (const fault of faults) guard.#count(fault);
    if (faults.length > read / 2) {
      const what = `all ${deadLetters} records of ${topic} that were committed are faulty`;
      throw guard.#error(`${what}, and so are ${faults.length} of ${read} that were read again`);
    }
    guard.#reasons.clear();
    guard.#hasGood = true;
    return guard;
  }

  /** Counts what was committed; returns the error that ends the run, if it does. */
  committed({ scored, passed, deadLetters }: Counted): FaultyStreamError | undefined {
    if (this.#tolerated >= 1) return undefined;
    const records = scored + passed + deadLetters.length;
    this.#hasGood ||= scored + passed > 0;
    this.#first += records;
    for (const letter of deadLetters) this.#count(letter);
    if (!this.#hasGood && this.#first >= FIRST_RECORDS) {
      return this.#error(`all of the first ${this.#first} records of ${this.#topic} are faulty`);
    }
    const window = this.#window;
    window.records += records;
    window.faults += deadLetters.length;
    if (window.records < WINDOW_RECORDS) return undefined;
    const { records: of, faults } = window;
    window.records = window.faults = 0;
    if (faults > this.#tolerated * of) {
      return this.#error(`${faults} of the last ${of} records of ${this.#topic} are faulty`);
    }
    this.#reasons.clear();
    return undefined;
  }

  #count(letter: DeadLetter) {
    this.#example ??= letter;
    this.#reasons.set(letter.reason, (this.#reasons.get(letter.reason) ?? 0) + 1);
  }

  #error(what: string): FaultyStreamError {
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a).map(([reason, count]) =>
      `${reason} ${count}`
    );
    const lines = [`Stopped after the commit, as ${what}: ${reasons.join(", ")}`];
    if (this.#example !== undefined) {
      lines.push(`the first: ${this.#example.detail}`, fieldsOf(this.#example.value));
    }
    lines.push(
      `deno task inspect --topic ${this.#topic} proposes a definition of these records; --tolerate-faults 1 goes on ` +
        "with dead letters",
    );
    return new FaultyStreamError(lines.join("\n"));
  }
}

/** Decodes the oldest records of a topic again: how many there were, and the faulty ones. */
async function readAgain(
  topic: string,
  { broker, judge: { decoder } }: { broker: Broker; judge: Judge },
): Promise<[read: number, faults: DeadLetter[]]> {
  const faulty: DeadLetter[] = [];
  let read = 0;
  for (const { partition, startOffset, endOffset } of await broker.offsets(topic)) {
    if (startOffset === endOffset || read >= SAMPLE) continue;
    for await (
      const batch of broker.read(topic, partition, { fromOffset: startOffset, toOffset: endOffset })
    ) {
      const sample = sliceBatch(batch, 0, Math.min(batch.count, SAMPLE));
      await decoder.prepare?.(sample);
      read += sample.count;
      faulty.push(...decoder.decodeBatch(sample).faults.map((fault) => deadLetterOf(sample, fault)));
      break;
    }
  }
  return [read, faulty];
}

function fieldsOf(value: Uint8Array | null): string {
  try {
    const parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value ?? new Uint8Array()));
    const names = Object.keys(parsed);
    const more = names.length > SHOWN_FIELDS ? `, and ${names.length - SHOWN_FIELDS} more` : "";
    return `it has the fields ${names.slice(0, SHOWN_FIELDS).join(", ")}${more}`;
  } catch {
    return "it is not JSON";
  }
}
