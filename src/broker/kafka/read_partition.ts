import { DeliveryError } from "../../runtime/delivery_error.ts";
import { DEFAULT_BATCH_RECORDS, type ReadOptions, type RecordBatch } from "../broker.ts";
import type { ClusterLink } from "./cluster_link.ts";
import { type FetchedPartition, isLeaderMoved, OFFSET_OUT_OF_RANGE } from "./wire/fetch_protocol.ts";
import { RecordSet } from "./wire/record_set.ts";

/** Bytes of a first fetch. A reader has one answer in hand and one ahead, and labels may have several readers a partition. */
const FETCH_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 500;
/** Answers without progress, while there are records, after which the connection is made anew. */
const EMPTY_ANSWERS = 20;

/**
 * Reads a partition outside any group, as `Broker.read` says.
 *
 * The next fetch is under way while the caller works on the records of the last one. Records that retention deleted, that
 * compaction removed or whose transaction was aborted are left out.
 *
 * @throws DeliveryError if the cluster does not answer for too long or refuses; RangeError if the bytes are broken.
 */
export async function* readPartition(
  link: ClusterLink,
  partition: number,
  { fromOffset, toOffset = Infinity, maxBatchRecords = DEFAULT_BATCH_RECORDS, signal, onMarkers }:
    ReadOptions,
): AsyncGenerator<RecordBatch> {
  const { topic } = link;
  const most = Math.max(1, maxBatchRecords);
  const offsets = async () => (await persist(link, () => link.offsets([partition]), signal))[0];
  const { startOffset, endOffset } = await offsets();
  const end = Math.min(toOffset, endOffset);
  let maxBytes = FETCH_BYTES;
  let emptyAnswers = 0;
  const fetchFrom = (offset: number) => {
    const fetching = persist(link, () => fetchOnce(link, { partition, offset, maxBytes }), signal);
    // Its error is thrown where it is awaited; the caller may have left by then.
    fetching.catch(() => {});
    return fetching;
  };
  let position = Math.max(fromOffset, startOffset);
  let fetching: Promise<FetchedPartition> | undefined;
  while (position < end) {
    const fetched = await (fetching ?? fetchFrom(position));
    fetching = undefined;
    if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
      const now = await offsets();
      if (position < now.startOffset) {
        position = now.startOffset;
        continue;
      }
    }
    if (fetched.errorCode !== 0) {
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${position}: Kafka answered with error code ${fetched.errorCode}`,
        { retriable: false },
      );
    }
    link.succeeded();
    const { records, aborted } = fetched;
    const source = { topic, partition, fromOffset: position, toOffset: end, aborted, onMarkers };
    const set = new RecordSet(records, source);
    const setEnd = set.endOffset();
    if (setEnd !== undefined && setEnd < end) fetching = fetchFrom(setEnd);
    for (let batch = set.next(most); batch !== undefined; batch = set.next(most)) yield batch;
    if (setEnd !== undefined) {
      emptyAnswers = 0;
      position = Math.max(set.nextOffset, setEnd);
    } else if (records.length > 0) maxBytes *= 2; // a batch that does not fit is cut off
    else if (fetched.endOffset <= position) return;
    else if (++emptyAnswers >= EMPTY_ANSWERS) {
      await link.recover(new Error("no records came though there are some"), signal);
    }
  }
}

function persist<T>(link: ClusterLink, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return link.persist(call, signal).catch((error) => {
    throw link.inWords(error);
  });
}

async function fetchOnce(
  link: ClusterLink,
  wanted: { partition: number; offset: number; maxBytes: number },
): Promise<FetchedPartition> {
  const { partition, maxBytes } = wanted;
  const nodeId = (await link.leaders()).get(partition) ?? -1;
  const [fetched] = await link.fetch(nodeId, { partitions: [wanted], maxWaitMs: MAX_WAIT_MS, maxBytes });
  if (!isLeaderMoved(fetched.errorCode)) return fetched;
  throw new DeliveryError(
    `Cannot read ${link.topic}/${partition}: its leader has moved (error code ${fetched.errorCode})`,
    { retriable: true },
  );
}
