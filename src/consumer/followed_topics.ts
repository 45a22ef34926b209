import type { Broker } from "../broker/broker.ts";
import type { Claim, Ledger } from "../ledger/ledger.ts";
import type { TopicRole } from "../ledger/losses.ts";
import { unpackSnapshot } from "./snapshot.ts";

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
 * Offsets in the ledger mean nothing in a topic that was deleted and made anew, even if it has them. A label topic of which
 * nothing was read may be another one.
 *
 * @throws Error that says which topic is another one, and what to do.
 */
export async function checkFollowed(
  { broker, ledger, topic, labelTopic }: FollowedTopics,
  claim: Claim,
): Promise<void> {
  const isBegun = claim.nextOffset !== undefined;
  const check = async (role: TopicRole, name: string, isRead: boolean, advice: string) => {
    const id = await broker.topicId(name);
    const before = await ledger.losses.followed(topic, role);
    if (id === undefined || before?.name === name && before.id === id) return;
    if (before !== undefined && isRead) {
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
    isBegun,
    "Give the new topic a ledger and objects of its own (--ledger, --objects), or another name (--topic)",
  );
  if (labelTopic === undefined) return;
  await check(
    "labels",
    labelTopic,
    hasReadLabels(claim),
    "Name the topic of the labels that were read (--label-topic), or begin with a ledger and objects of its own " +
      "(--ledger, --objects)",
  );
}

/** Whether labels were read for what is committed; true where a damaged snapshot does not say. */
function hasReadLabels({ ranges, snapshot }: Claim): boolean {
  const last = ranges.at(-1);
  if (last === undefined && snapshot === undefined) return false;
  try {
    const { labelOffsets } = last ?? unpackSnapshot(snapshot!.bytes)[0];
    return labelOffsets.some((offset) => offset > 0);
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}
