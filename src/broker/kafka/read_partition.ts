import { DeliveryError } from "../../runtime/delivery_error.ts";
import type { RecordBatch } from "../broker.ts";
import type { ClusterLink } from "./cluster_link.ts";
import type { FetchedPartition } from "./wire/fetch_protocol.ts";
import { RecordSet } from "./wire/record_set.ts";

/** Which records to read, and how. */
export interface ReadPartitionOptions {
  topic: string;
  partition: number;
  /** First offset that is wanted. */
  fromOffset: number;
  /** First offset that is not wanted any more (default: the end when called). */
  toOffset?: number;
  /** Most records of a batch, at least 1. */
  maxBatchRecords: number;
  /** Most bytes of a fetch, where they are fewer than {@link MOST_BYTES}. */
  maxBytesPerPartition: number;
  /** Ends the wait for a cluster that does not answer. */
  signal?: AbortSignal;
}

/** A reader has an answer in hand and one ahead; labels may have several readers a partition. */
const MOST_BYTES = 1024 * 1024;

const OFFSET_OUT_OF_RANGE = 1;
const MAX_WAIT_MS = 500;
/** Answers without progress, while there are records, after which the connection is made anew. */
const EMPTY_ANSWERS = 20;

/**
 * Reads a partition outside any group, from an offset up to another or the end as it is when called.
 *
 * The next fetch is under way while the caller works on the records of the last one. Records that retention deleted, that
 * compaction removed or whose transaction was taken back are left out.
 *
 * @throws DeliveryError where the cluster does not answer for too long or refuses; RangeError where the bytes are broken.
 */
export async function* readPartition(
  link: ClusterLink,
  options: ReadPartitionOptions,
): AsyncGenerator<RecordBatch> {
  const { topic, partition, maxBatchRecords, signal } = options;
  const persist = <T>(call: () => Promise<T>) =>
    link.persist(call, signal).catch((error) => {
      throw link.inWords(error);
    });
  const [{ startOffset, endOffset }] = await persist(() => link.offsets([partition]));
  const toOffset = Math.min(options.toOffset ?? endOffset, endOffset);
  let maxBytes = Math.min(options.maxBytesPerPartition, MOST_BYTES);
  let emptyAnswers = 0;
  const fetchFrom = (offset: number) => {
    const fetching = persist(async () => {
      const nodeId = (await link.leaders()).get(partition) ?? -1;
      const wanted = { partitions: [{ partition, offset, maxBytes }], maxWaitMs: MAX_WAIT_MS, maxBytes };
      const [fetched] = await link.fetch(nodeId, wanted);
      if (link.isLeaderMoved(fetched.errorCode)) {
        throw new DeliveryError(
          `Cannot read ${topic}/${partition} as it must have a leader: current value is error code ${fetched.errorCode}`,
          { retriable: true },
        );
      }
      return fetched;
    });
    // Its error is thrown where it is awaited; the caller may have left by then.
    fetching.catch(() => {});
    return fetching;
  };
  let position = Math.max(options.fromOffset, startOffset);
  let fetching: Promise<FetchedPartition> | undefined;
  while (position < toOffset) {
    const fetched = await (fetching ?? fetchFrom(position));
    fetching = undefined;
    if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
      const [now] = await persist(() => link.offsets([partition]));
      if (position < now.startOffset) {
        position = now.startOffset;
        continue;
      }
    }
    if (fetched.errorCode !== 0) {
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${position} as the broker must give its records: ` +
          `current value is error code ${fetched.errorCode}`,
        { retriable: false },
      );
    }
    link.succeeded();
    const set = new RecordSet(fetched.records, {
      topic,
      partition,
      fromOffset: position,
      toOffset,
      aborted: fetched.aborted,
    });
    const end = set.endOffset();
    if (end !== undefined && end < toOffset) fetching = fetchFrom(end);
    for (let batch = set.next(maxBatchRecords); batch !== undefined; batch = set.next(maxBatchRecords)) {
      yield batch;
    }
    if (end === undefined) {
      // A batch that did not fit is cut off: ask for more of it.
      if (fetched.records.length > 0) maxBytes *= 2;
      else if (fetched.endOffset <= position) return;
      else if (++emptyAnswers >= EMPTY_ANSWERS) {
        await link.recover(new Error("no records came though there are some"), signal);
      }
    } else {
      emptyAnswers = 0;
      position = Math.max(set.nextOffset, end);
    }
  }
}
