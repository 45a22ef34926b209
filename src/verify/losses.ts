/**
 * What the stream deleted before it was read: gaps between committed ranges, and what lies before the stream's start.
 *
 * @module
 */
import { type Loss, lostOffsets, type LostRange } from "../ledger/losses.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** A stretch of offsets, the second not included. */
export type Stretch = Pick<Loss, "firstOffset" | "nextOffset">;

/** The losses of a partition. */
export interface PartitionLosses {
  /** All that are known to the ledger now, accepted or not. */
  known: readonly Stretch[];
  accepted: readonly LostRange[];
}

/**
 * Names what a partition lost, and records who accepts it where somebody does.
 *
 * A gap that the stream still could fill is no loss: the walk through its offsets names it.
 */
export async function verifyLosses(
  parts: VerifyParts,
  { partition, startOffset }: { partition: number; startOffset: number },
  problems: Problems,
): Promise<PartitionLosses> {
  const { ledger, topic, acceptGaps } = parts;
  const place = `${topic}/${partition}`;
  const lossesOf = async () =>
    (await ledger.losses.list(topic)).filter((loss) => loss.partition === partition);
  const unknown = without(await gapsBefore(parts, partition, startOffset), await lossesOf());
  if (acceptGaps !== undefined) {
    for (const stretch of unknown) {
      await ledger.losses.note({ topic, partition, ...stretch, foundAtMs: Date.now() });
    }
    await ledger.losses.accept(topic, acceptGaps, Date.now());
  }
  const known = await lossesOf();
  const unaccepted = known.filter(({ acceptedBy }) => acceptedBy === null);
  for (const stretch of [...unaccepted, ...acceptGaps === undefined ? unknown : []]) {
    const { firstOffset, nextOffset } = stretch;
    problems.add(
      "lost",
      `offsets ${firstOffset} to ${
        nextOffset - 1
      } of ${place} were deleted from the stream before they were read`,
      lostOffsets([stretch]),
    );
  }
  return { known, accepted: known.filter(({ acceptedBy }) => acceptedBy !== null) };
}

/** Stretches before the stream's start that are in no committed range, though one lies before them. */
async function gapsBefore(
  { ledger, topic }: VerifyParts,
  partition: number,
  startOffset: number,
): Promise<Stretch[]> {
  const gaps: Stretch[] = [];
  let next: number | undefined;
  const upTo = (offset: number) => {
    const nextOffset = Math.min(offset, startOffset);
    if (next !== undefined && next < nextOffset) gaps.push({ firstOffset: next, nextOffset });
  };
  for await (const range of ledger.ranges(topic, partition)) {
    upTo(range.firstOffset);
    next = Math.max(next ?? 0, range.nextOffset);
  }
  upTo(startOffset);
  return gaps;
}

/** The stretches without those parts that others cover. */
export function without(stretches: readonly Stretch[], covering: readonly Stretch[]): Stretch[] {
  let left = [...stretches];
  for (const { firstOffset, nextOffset } of covering) {
    left = left.flatMap((each) => [
      { firstOffset: each.firstOffset, nextOffset: Math.min(each.nextOffset, firstOffset) },
      { firstOffset: Math.max(each.firstOffset, nextOffset), nextOffset: each.nextOffset },
    ]).filter((each) => each.firstOffset < each.nextOffset);
  }
  return left;
}
