/**
 * Stream against ledger: every offset accounted for exactly once, every row of the ledger of its record.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import type { PartitionOffsets } from "../broker/broker.ts";
import type { Decoder } from "../decode/wasm.ts";
import { allFlagged } from "../ledger/all_flagged.ts";
import type { CommittedRange, DeadLetter, FlaggedTransaction, LoggedTransaction } from "../ledger/ledger.ts";
import type { LostRange } from "../ledger/losses.ts";
import { Cursor } from "./cursor.ts";
import { deadLetterPages } from "./dead_letters.ts";
import { without } from "./losses.ts";
import { Markers } from "./markers.ts";
import type { Problems } from "./problems.ts";
import { BatchRows } from "./rows.ts";
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
  /** Committed records that compaction removed from the stream since. */
  compacted: number;
}

/** The partition to walk through. */
export interface WalkedPartition extends PartitionOffsets {
  /** Stretches that the stream deleted before they were read. */
  lost: readonly Pick<LostRange, "firstOffset" | "nextOffset">[];
  decoder: Decoder;
}

/** Walks through stream, ranges, log, verdicts and dead letters of a partition at once, in offset order. */
export async function verifyOffsets(
  parts: VerifyParts,
  walked: WalkedPartition,
  problems: Problems,
): Promise<OffsetCounts> {
  const { broker, topic, onProgress } = parts;
  const { partition, startOffset } = walked;
  const walk = new Walk(parts, walked, problems);
  const onMarkers = (first: number, next: number) => walk.markers.add(first, next);
  for await (const batch of broker.read(topic, partition, { fromOffset: startOffset, onMarkers })) {
    await walked.decoder.prepare?.(batch);
    const rows = new BatchRows(walked.decoder.decodeBatch(batch), `${topic}/${partition}`, problems);
    for (let i = 0; i < batch.count; i++) await walk.step(batch.offsets[i], i, rows);
    onProgress?.(batch.count);
    // Embedded engines never wait: signals and timers get their turn here.
    await setImmediate();
  }
  await walk.end();
  return walk.counts;
}

/** Where the walk stands in each sequence. */
class Walk {
  readonly counts: OffsetCounts = { offsets: 0, committed: 0, logged: 0, deadLetters: 0, compacted: 0 };
  readonly markers = new Markers();
  readonly #place: string;
  readonly #partition: WalkedPartition;
  readonly #prunes: boolean;
  readonly #problems: Problems;
  readonly #ranges: Cursor<CommittedRange>;
  readonly #log: Cursor<LoggedTransaction>;
  readonly #letters: Cursor<DeadLetter>;
  readonly #flagged: Cursor<FlaggedTransaction>;
  readonly #seen: RangeCounts;

  constructor({ broker, ledger, topic }: VerifyParts, partition: WalkedPartition, problems: Problems) {
    const which = [topic, partition.partition] as const;
    this.#place = which.join("/");
    this.#partition = partition;
    this.#prunes = broker.prunes;
    this.#problems = problems;
    this.#ranges = new Cursor(onePage(ledger.ranges(...which)));
    this.#log = new Cursor(ledger.logged(...which));
    this.#flagged = new Cursor(onePage(allFlagged(ledger, ...which)));
    this.#letters = new Cursor(deadLetterPages(ledger, ...which));
    this.#seen = new RangeCounts(this.#place, problems);
  }

  /** Takes the next record of the stream, the `record`th of its batch. */
  async step(offset: number, record: number, rows: BatchRows): Promise<void> {
    const { counts } = this;
    counts.offsets++;
    let range = this.#ranges.peekNow() ?? await this.#ranges.peek();
    while (range !== undefined && range.nextOffset <= offset) {
      this.#endRange(range);
      this.#ranges.take();
      range = await this.#ranges.peek();
    }
    const logged = await this.#takeAt(this.#log, offset, "unknown-log-row", "the log");
    const flagged = await this.#takeAt(this.#flagged, offset, "unknown-verdict", "a verdict");
    const letter = await this.#takeAt(this.#letters, offset, "unknown-dead-letter", "a dead letter");
    const isDead = letter !== undefined;
    if (logged) counts.logged++;
    if (isDead) counts.deadLetters++;
    rows.compare(record, { logged, flagged });
    if (range === undefined || range.firstOffset > offset) {
      this.#add(
        "not-committed",
        `offset ${offset} of ${this.#place} is in the stream and in no committed range`,
      );
      if (logged || isDead) {
        this.#add(
          "outside-range",
          `offset ${offset} of ${this.#place} is in the ledger outside of any range`,
        );
      }
      return;
    }
    counts.committed++;
    this.#seen.add(isDead);
    if (isDead && (logged || flagged)) {
      this.#add("doubled", `offset ${offset} of ${this.#place} is a dead letter and in the log or flagged`);
    }
    if (range.logMode === "all" && !logged && !isDead && !rows.isPassed(record)) {
      this.#add("missing", `offset ${offset} of ${this.#place} is neither in the log nor a dead letter`);
    }
  }

  /** Looks at what the ledger has behind the stream's last record. */
  async end(): Promise<void> {
    const { endOffset } = this.#partition;
    await this.#takeAt(this.#log, Infinity, "unknown-log-row", "the log");
    await this.#takeAt(this.#flagged, Infinity, "unknown-verdict", "a verdict");
    await this.#takeAt(this.#letters, Infinity, "unknown-dead-letter", "a dead letter");
    for (let range = await this.#ranges.peek(); range !== undefined; range = await this.#ranges.peek()) {
      this.#ranges.take();
      this.#endRange(range);
      if (range.nextOffset <= endOffset) continue;
      this.#add(
        "beyond-stream",
        `${this.#place} is committed up to ${range.nextOffset}, the stream ends at ${endOffset}`,
      );
    }
  }

  #endRange(range: CommittedRange) {
    const { startOffset, lost } = this.#partition;
    const holes = this.#prunes ? range.nextOffset - range.firstOffset - this.markers.countIn(range) : 0;
    this.counts.compacted += this.#seen.end(range, { startOffset, lost, holes });
  }

  /** The cursor's element at the offset; those before it are of no record that the stream has. */
  async #takeAt<T extends { offset: number }>(
    cursor: Cursor<T>,
    offset: number,
    kind: string,
    what: string,
  ): Promise<T | undefined> {
    let next = cursor.peekNow() ?? await cursor.peek();
    while (next !== undefined && next.offset < offset) {
      if (!this.#mayBeGone(next.offset)) {
        this.#add(kind, `${what} of ${this.#place} has offset ${next.offset}, the stream has not`);
      }
      cursor.take();
      next = await cursor.peek();
    }
    if (next?.offset !== offset) return undefined;
    cursor.take();
    return next;
  }

  /** Whether the stream may have had a record there: before its start, or where compaction left a hole. */
  #mayBeGone(offset: number): boolean {
    const { startOffset, endOffset } = this.#partition;
    return offset < startOffset || this.#prunes && offset < endOffset && !this.markers.has(offset);
  }

  #add(kind: string, message: string) {
    this.#problems.add(kind, message);
  }
}

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

  /**
   * Ends a range.
   *
   * @param around `holes` is how many of its offsets may have been compacted, with those that were read.
   * @returns How many of its records were compacted.
   */
  end(
    range: CommittedRange,
    { startOffset, lost, holes }: Pick<WalkedPartition, "startOffset" | "lost"> & { holes: number },
  ): number {
    const name = `${this.#place} offsets ${range.firstOffset} to ${range.nextOffset - 1}`;
    const before = this.#before?.nextOffset ?? range.firstOffset;
    if (range.firstOffset < before) {
      this.#problems.add("overlap", `${name} overlap the range before, up to ${before - 1}`);
    }
    // What lies before the stream's start can't be filled any more: `verifyLosses` names it.
    const gap = { firstOffset: Math.max(before, startOffset), nextOffset: range.firstOffset };
    for (const { firstOffset, nextOffset } of without([gap], lost)) {
      if (firstOffset >= nextOffset) continue;
      this.#problems.add(
        "gap",
        `offsets ${firstOffset} to ${nextOffset - 1} of ${this.#place} lie between two committed ranges`,
        nextOffset - firstOffset,
      );
    }
    const [records, dead] = [this.#records, this.#dead];
    this.#records = this.#dead = 0;
    this.#before = range;
    // Records before the stream's start were there when they were committed.
    if (range.firstOffset < startOffset) return 0;
    const said = range.scored + range.deadLetters + range.passed;
    const gone = said - records;
    if (gone >= 0 && said <= Math.max(holes, records) && (gone > 0 || dead === range.deadLetters)) {
      return gone;
    }
    this.#problems.add(
      "wrong-count",
      `${name} were committed with ${said} records and ${range.deadLetters} dead letters: the stream has ` +
        `${records}, the ledger ${dead}`,
    );
    return 0;
  }
}

async function* onePage<T>(elements: AsyncIterable<T>): AsyncIterable<T[]> {
  for await (const element of elements) yield [element];
}
