/**
 * Stream against ledger: every offset accounted for exactly once.
 *
 * @module
 */
import type { CommittedRange, Ledger } from "../ledger/ledger.ts";
import { Cursor } from "./cursor.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** What a partition holds. */
export interface OffsetCounts {
  offsets: number;
  /** Records of the stream that lie in a committed range. */
  committed: number;
  /** Records of the stream with a row in the log. */
  logged: number;
  /** Records of the stream with a dead letter. */
  deadLetters: number;
}

/** Walks through stream, ranges, log and dead letters of a partition at once, in offset order. */
export async function verifyOffsets(
  parts: VerifyParts,
  partition: number,
  problems: Problems,
): Promise<OffsetCounts> {
  const { broker, ledger, topic, onProgress } = parts;
  const place = `${topic}/${partition}`;
  const counts: OffsetCounts = { offsets: 0, committed: 0, logged: 0, deadLetters: 0 };
  const bounds = (await broker.offsets(topic)).find((each) => each.partition === partition);
  const { startOffset = 0, endOffset = 0 } = bounds ?? {};
  const ranges = new Cursor(onePage(ledger.ranges(topic, partition)));
  const log = new Cursor<number>(ledger.loggedOffsets(topic, partition));
  const letters = new Cursor(deadLetterOffsets(ledger, topic, partition));
  const seen = new RangeCounts(place, problems);
  // Records before the stream's start were there once.
  const stray = (kind: string, what: string) => (offset: number) => {
    if (offset >= startOffset) {
      problems.add(kind, `${what} of ${place} has offset ${offset}, the stream has not`);
    }
  };
  const strayRow = stray("unknown-log-row", "the log");
  const strayLetter = stray("unknown-dead-letter", "a dead letter");

  for await (const batch of broker.read(topic, partition, { fromOffset: startOffset })) {
    for (const offset of batch.offsets) {
      counts.offsets++;
      let range = ranges.peekNow() ?? await ranges.peek();
      while (range !== undefined && range.nextOffset <= offset) {
        seen.end(range, startOffset);
        ranges.take();
        range = await ranges.peek();
      }
      const isLogged = await takes(log, offset, strayRow);
      const isDead = await takes(letters, offset, strayLetter);
      if (isLogged) counts.logged++;
      if (isDead) counts.deadLetters++;
      if (range === undefined || range.firstOffset > offset) {
        problems.add(
          "not-committed",
          `offset ${offset} of ${place} is in the stream and in no committed range`,
        );
        if (isLogged || isDead) {
          problems.add("outside-range", `offset ${offset} of ${place} is in the ledger outside of any range`);
        }
        continue;
      }
      counts.committed++;
      seen.add(isDead);
      if (isLogged && isDead) {
        problems.add("doubled", `offset ${offset} of ${place} is in the log and a dead letter`);
      }
      if (range.logMode === "all" && !isLogged && !isDead) {
        problems.add("missing", `offset ${offset} of ${place} is neither in the log nor a dead letter`);
      }
    }
    onProgress?.(batch.count);
  }
  for (let range = await ranges.peek(); range !== undefined; range = await ranges.peek()) {
    ranges.take();
    seen.end(range, startOffset);
    if (range.nextOffset > endOffset) {
      problems.add("beyond-stream", beyond(place, range.nextOffset, endOffset));
    }
  }
  // What is left after the stream's last record belongs to no record.
  await takes(log, Infinity, strayRow);
  await takes(letters, Infinity, strayLetter);
  return counts;
}

const beyond = (place: string, nextOffset: number, endOffset: number) =>
  `${place} is committed up to ${nextOffset}, the stream ends at ${endOffset}`;

/** Compares what was counted in a range with what the range says, and each range with the one before. */
class RangeCounts {
  readonly #place: string;
  readonly #problems: Problems;
  #records = 0;
  #dead = 0;
  #before: CommittedRange | undefined;

  constructor(place: string, problems: Problems) {
    this.#place = place;
    this.#problems = problems;
  }

  add(isDead: boolean) {
    this.#records++;
    if (isDead) this.#dead++;
  }

  end(range: CommittedRange, startOffset: number) {
    const name = `${this.#place} offsets ${range.firstOffset} to ${range.nextOffset - 1}`;
    const before = this.#before?.nextOffset ?? range.firstOffset;
    if (range.firstOffset < before) {
      this.#problems.add("overlap", `${name} overlap the range before, up to ${before - 1}`);
    }
    if (range.firstOffset > before) {
      this.#problems.add("gap", `${name} do not follow the range before, up to ${before - 1}`);
    }
    // Records before the stream's start were there when they were committed.
    if (range.firstOffset >= startOffset) {
      const said = [range.scored + range.deadLetters, range.deadLetters];
      if (said[0] !== this.#records || said[1] !== this.#dead) {
        this.#problems.add(
          "wrong-count",
          `${name} were committed with ${said[0]} records and ${said[1]} dead letters: the stream has ` +
            `${this.#records}, the ledger ${this.#dead}`,
        );
      }
    }
    this.#records = this.#dead = 0;
    this.#before = range;
  }
}

/** Whether the cursor's next value is the offset; smaller values are strays. */
async function takes(
  cursor: Cursor<number>,
  offset: number,
  stray: (offset: number) => void,
): Promise<boolean> {
  let next = cursor.peekNow() ?? await cursor.peek();
  while (next !== undefined && next < offset) {
    stray(next);
    cursor.take();
    next = await cursor.peek();
  }
  if (next !== offset) return false;
  cursor.take();
  return true;
}

async function* onePage<T>(elements: AsyncIterable<T>): AsyncIterable<T[]> {
  for await (const element of elements) yield [element];
}

async function* deadLetterOffsets(ledger: Ledger, topic: string, partition: number): AsyncIterable<number[]> {
  let after = -1;
  for (;;) {
    const letters = await ledger.deadLettersAfter(topic, partition, after, 1000);
    if (letters.length === 0) return;
    yield letters.map(({ offset }) => offset);
    after = letters[letters.length - 1].offset;
  }
}
