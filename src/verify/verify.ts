/**
 * The proof that nothing was lost and nothing doubled, from stream, ledger and objects as they are.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { verifyDeadLetters } from "./dead_letters.ts";
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
  flagged: number;
  /** Objects that the ledger has recorded as stored. */
  objects: number;
  /** Number of problems of each kind, with the first of them in words. */
  problems: ProblemSummary[];
}

/**
 * Compares stream, ledger and objects record by record.
 *
 * Every offset of the stream must lie in exactly one committed range and be accounted for there: by a log row or a dead
 * letter where the range was logged whole, by the range's counts otherwise. Every flagged transaction must be in
 * exactly one object; every object's bytes must have the recorded hash; every dead letter must have reached its topic
 * with its original bytes.
 *
 * @returns What was found; nothing is changed.
 */
export async function verify(parts: VerifyParts): Promise<Verification> {
  const { broker, topic } = parts;
  const problems = new Problems();
  const result: Verification = {
    ok: false,
    topic,
    partitions: await broker.partitions(topic),
    offsets: 0,
    committed: 0,
    logged: 0,
    deadLetters: 0,
    flagged: 0,
    objects: 0,
    problems: [],
  };
  for (let partition = 0; partition < result.partitions; partition++) {
    const found = await verifyOffsets(parts, partition, problems);
    const objects = await verifyObjects(parts, partition, problems);
    result.offsets += found.offsets;
    result.committed += found.committed;
    result.logged += found.logged;
    result.deadLetters += found.deadLetters;
    result.flagged += objects.flagged;
    result.objects += objects.objects;
  }
  for (const known of await parts.ledger.partitions()) {
    if (known.topic === topic && known.partition >= result.partitions) {
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
  await verifyDeadLetters(parts, problems);
  result.problems = problems.summary();
  result.ok = result.problems.length === 0;
  return result;
}
