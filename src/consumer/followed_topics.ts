import type { Broker } from "../broker/broker.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { TopicRole } from "../ledger/losses.ts";

/** What follows what. */
export interface FollowedTopics {
  broker: Broker;
  ledger: Ledger;
  topic: string;
  /** Undefined if no feature learns from labels. */
  labelTopic: string | undefined;
}

/**
 * Checks that both topics are those that the ledger has followed so far, and remembers them.
 *
 * Offsets in the ledger mean nothing in a topic that was deleted and made anew, even if it has them. A topic of which nothing
 * was committed, or no label read, may be another one.
 *
 * @throws Error that says which topic is another one, and what to do.
 */
export async function checkFollowed({ broker, ledger, topic, labelTopic }: FollowedTopics): Promise<void> {
  const check = async (role: TopicRole, name: string, advice: string) => {
    const id = await broker.topicId(name);
    const before = await ledger.losses.followed(topic, role);
    if (id === undefined || before?.name === name && before.id === id) return;
    if (before !== undefined && await hasRead(ledger, topic, role)) {
      const which = before.name === name
        ? `the topic was deleted and made anew (id ${before.id} before, ${id} now)`
        : `it has read ${before.name} so far`;
      throw new Error(
        `Cannot go on with the ${role} of ${name} in the ledger ${ledger.name}: ${which}, so the offsets it holds ` +
          `are of other records. ${advice}`,
      );
    }
    await ledger.losses.follow(topic, role, { name, id });
  };
  await check(
    "transactions",
    topic,
    "Give the new topic a ledger and objects of its own (--ledger, --objects), or another name (--topic)",
  );
  if (labelTopic === undefined) return;
  await check(
    "labels",
    labelTopic,
    "Name the topic of the labels that were read (--label-topic), or begin with a ledger and objects of its own " +
      "(--ledger, --objects)",
  );
}

/** Whether anything is committed of any partition, or any label was read for it. */
async function hasRead(ledger: Ledger, topic: string, role: TopicRole): Promise<boolean> {
  for (const known of await ledger.partitions()) {
    if (known.topic !== topic) continue;
    if (role === "transactions") return true;
    for await (const { labelOffsets } of ledger.ranges(topic, known.partition)) {
      if (labelOffsets.some((offset) => offset > 0)) return true;
    }
  }
  return false;
}
