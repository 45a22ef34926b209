import type { ArrayPool } from "../runtime/array_pool.ts";
import type { RetryOptions } from "../runtime/retry.ts";
import type { Semaphore } from "../runtime/semaphore.ts";
import type { ConsumerOptions, ConsumerParts } from "./consumer_options.ts";
import type { LabelTopic } from "./label_topic.ts";

/** How a consumer runs, its defaults in place. */
export type Settings =
  & ConsumerOptions
  & Required<Pick<ConsumerOptions, "topic" | "labelTopic" | "group" | "logMode" | "format">>;

/** One member of the consumer group: what all of its partitions share. */
export interface Member extends ConsumerParts {
  settings: Settings;
  /** Names this member in the ledger. */
  owner: string;
  labels: LabelTopic;
  /** Memory for the columns of batches. */
  pool: ArrayPool;
  /** Bytes of verdicts of cuts that may be in memory at once. */
  cutMemory: Semaphore;
  /** How attempts at `what` are repeated and reported. */
  retry(what: string): RetryOptions;
}

/** The defaults of a consumer's options. */
export function settingsOf(options: ConsumerOptions): Settings {
  const { topic = "transactions", labelTopic = "labels", group = "edgewood" } = options;
  const { logMode = "all", format = "ndjson" } = options;
  return { ...options, topic, labelTopic, group, logMode, format };
}
