/**
 * Part of the ledger: which topics it follows, and which of their records the stream deleted before they were read.
 *
 * @module
 */

/** What a topic is to the ledger: its transactions, or the labels that they learn from. */
export type TopicRole = "transactions" | "labels";

/** A topic that is followed; one that was deleted and made anew has another id. */
export interface FollowedTopic {
  name: string;
  id: string;
}

/** A stretch of offsets that the stream deleted before they were read. */
export interface LostRange {
  topic: string;
  partition: number;
  firstOffset: number;
  /** The offset after the stretch. */
  nextOffset: number;
  foundAtMs: number;
  /** Who accepted the loss; null while nobody has. */
  acceptedBy: string | null;
  /** Null while nobody has accepted it. */
  acceptedAtMs: number | null;
}

/** A loss as it is found. */
export type Loss = Omit<LostRange, "acceptedBy" | "acceptedAtMs">;

/** What streams lost: each stretch is kept, with who accepted it. */
export interface LedgerLosses {
  /**
   * Records the loss and moves the partition's next offset behind it, in one SQL transaction.
   *
   * A stretch that `note` recorded before keeps who accepted it. The call may be repeated after a lost answer.
   *
   * @throws FencedError where the epoch or the next offset moved on; then nothing was written.
   */
  skip(loss: Loss, epoch: number): Promise<void>;
  /** Records a loss that no consumer has met yet; a stretch with the same start is left as it is. */
  note(loss: Loss): Promise<void>;
  /** The losses of a topic by partition and offset. */
  list(topic: string): Promise<LostRange[]>;
  /** Accepts what nobody has accepted yet; resolves with it. */
  accept(topic: string, by: string, atMs: number): Promise<LostRange[]>;
  /** Which topic the ledger follows as `role` of this topic; undefined where it has not been told. */
  followed(topic: string, role: TopicRole): Promise<FollowedTopic | undefined>;
  /** Remembers which topic that is; it replaces the one before. */
  follow(topic: string, role: TopicRole, followed: FollowedTopic): Promise<void>;
}

/** Number of offsets in these stretches: records, and the holes that a broker leaves between them. */
export function lostOffsets(ranges: readonly Pick<LostRange, "firstOffset" | "nextOffset">[]): number {
  return ranges.reduce((sum, { firstOffset, nextOffset }) => sum + nextOffset - firstOffset, 0);
}
