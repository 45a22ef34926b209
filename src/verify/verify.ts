/**
 * The proof that nothing was lost and nothing doubled, from stream, ledger and objects as they are.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import { type DecoderOptions, openDecoder } from "../decode/wasm.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LostRange, TopicRole } from "../ledger/losses.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { type AlertCounts, verifyAlerts } from "./alerts.ts";
import { verifyDeadLetters } from "./dead_letters.ts";
import { verifyLosses } from "./losses.ts";
import { verifyKeys, verifyObjects } from "./objects.ts";
import { verifyOffsets } from "./offsets.ts";
import { Problems, type ProblemSummary } from "./problems.ts";
import type { ObjectDamage } from "./repair.ts";

/** What is compared. */
export interface VerifyParts {
  broker: Broker;
  /** The ledger that follows it. */
  ledger: Ledger;
  /** The objects that the ledger's cuts name. */
  store: ObjectStore;
  topic: string;
  /** Name of the person who accepts that records are lost which the stream deleted before they were read. */
  acceptGaps?: string;
  /** Whether to compare the topic of alerts too. */
  alerts?: boolean;
  /** Makes the decoder of records that are not written as the project's own. */
  decodeWith?: DecoderOptions["decodeWith"];
  /** Told how many of the stream's records were looked at. */
  onProgress?(offsets: number): void;
  /** Told of each object that `repairObjects` can mend. */
  onDamage?(damage: ObjectDamage): void;
}

/** What was found. */
export interface Verification {
  /** Whether there is no problem. */
  ok: boolean;
  topic: string;
  partitions: number;
  offsets: number;
  /** Records of the stream that lie in a committed range. */
  committed: number;
  /** Records of the stream with a row in the log. */
  logged: number;
  /** Records of the stream with a dead letter. */
  deadLetters: number;
  /** Committed records that compaction removed from the stream since: there is nothing to compare them with. */
  compacted: number;
  /** What the stream deleted before it was read, and who accepted that. */
  acceptedLosses: LostRange[];
  /** Dead letters that retention removed from their topic since. */
  deadLettersTrimmed: number;
  flagged: number;
  /** Objects that the ledger has recorded as stored. */
  objects: number;
  /** Absent where they were not compared. */
  alerts?: AlertCounts;
  /** Number of problems of each kind, with the first of them in words. */
  problems: ProblemSummary[];
}

/**
 * Compares stream, ledger and objects record by record.
 *
 * Every offset of the stream must lie in exactly one committed range and be accounted for there: by a log row or a dead
 * letter where the range was logged whole, by the range's counts otherwise. Rows of the log and verdicts must be of their
 * records, and agree with each other. Every verdict must be in exactly one object, with the same text; every object's bytes
 * must have the recorded hash; every dead letter must have reached its topic with its original bytes.
 *
 * @returns What was found; nothing is changed but who accepts a loss.
 */
export async function verify(parts: VerifyParts): Promise<Verification> {
  const { broker, ledger, topic } = parts;
  const problems = new Problems();
  const offsets = await broker.offsets(topic);
  const counts = { offsets: 0, committed: 0, logged: 0, deadLetters: 0, compacted: 0 };
  const acceptedLosses: LostRange[] = [];
  const result = { deadLettersTrimmed: 0, flagged: 0, objects: 0 };
  const decoder = await openDecoder({ decodeWith: parts.decodeWith });
  const isFollowed = await verifyTopics(parts, problems);
  for (const bounds of offsets) {
    if (isFollowed) {
      const { known: lost, accepted } = await verifyLosses(parts, bounds, problems);
      acceptedLosses.push(...accepted);
      const found = await verifyOffsets(parts, { ...bounds, lost, decoder }, problems);
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += found[name];
    }
    const { flagged, objects } = await verifyObjects(parts, bounds.partition, problems);
    result.flagged += flagged;
    result.objects += objects;
  }
  for (const known of await ledger.partitions()) {
    if (known.topic === topic && known.partition >= offsets.length) {
      problems.add(
        "unknown-partition",
        `the ledger knows ${topic}/${known.partition}, and the stream does not`,
      );
    }
  }
  if (!await parts.store.isThere() && await parts.ledger.lastStored() !== undefined) {
    problems.add(
      "store-missing",
      `${parts.store.name} is not there, and the ledger has stored objects in it`,
    );
  }
  await verifyKeys(parts, problems);
  if (isFollowed) result.deadLettersTrimmed = await verifyDeadLetters(parts, problems);
  const alerts = parts.alerts ? await verifyAlerts(parts, problems) : undefined;
  const summary = problems.summary();
  return {
    ...{ ok: summary.length === 0, topic, partitions: offsets.length, problems: summary, acceptedLosses },
    ...counts,
    ...result,
    ...alerts && { alerts },
  };
}

/** Whether the stream's topic is the one that the ledger followed; another one's records can't be compared. */
async function verifyTopics({ broker, ledger, topic }: VerifyParts, problems: Problems): Promise<boolean> {
  const isFollowed = async (role: TopicRole) => {
    const followed = await ledger.losses.followed(topic, role);
    const id = followed && await broker.topicId(followed.name);
    if (followed === undefined || id === undefined || id === followed.id) return true;
    problems.add(
      "another-topic",
      `the topic ${followed.name} was deleted and made anew: the ledger followed the one with id ${followed.id}, the ` +
        `stream has ${id}; its records are not those that were committed, and nothing is compared with them`,
    );
    return false;
  };
  await isFollowed("labels");
  return await isFollowed("transactions");
}
