import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { until } from "../../testing/until.ts";
import type { KafkaClient, TopicConnection } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { ClusterLink } from "./cluster_link.ts";

/** A client whose connections come when the test lets them, and that counts those which are open. */
class LateClient {
  readonly asked: PromiseWithResolvers<TopicConnection>[] = [];
  open = 0;

  readonly client = {
    connect: () => {
      const asked = Promise.withResolvers<TopicConnection>();
      this.asked.push(asked);
      return asked.promise;
    },
    explain: (error: unknown) => ({ isFinal: false, message: String(error) }),
  } as unknown as KafkaClient;

  /** Lets the connection come that was asked for as the nth. */
  connect(nth: number): void {
    this.open++;
    const close = () => {
      this.open--;
      return Promise.resolve();
    };
    this.asked[nth].resolve(
      { leaders: () => Promise.resolve(new Map()), close } as Partial<TopicConnection> as TopicConnection,
    );
  }
}

function linkOf(late: LateClient, callDeadlineMs: number): ClusterLink {
  return new ClusterLink(
    new Cluster(late.client, "kafka://late", { giveUpMs: 60_000 }),
    "transactions",
    { callDeadlineMs },
  );
}

Deno.test("ClusterLink ends a connection that comes after its deadline", async () => {
  const late = new LateClient();
  await using link = linkOf(late, 20);
  await assertRejects(() => link.leaders(), Error, "no connection within 20 ms");
  late.connect(0);
  await until(() => late.open === 0, { what: "the end of the late connection" });
  const leaders = link.leaders();
  late.connect(1);
  assertEquals(await leaders, new Map());
  assertEquals(late.open, 1);
});

Deno.test("ClusterLink ends a connection that comes after its own end", async () => {
  const late = new LateClient();
  const link = linkOf(late, 60_000);
  const leaders = link.leaders();
  await link[Symbol.asyncDispose]();
  late.connect(0);
  await assertRejects(() => leaders);
  await until(() => late.open === 0, { what: "the end of the connection" });
});

Deno.test("ClusterLink.persist() waits no longer than its signal for a call that hangs", async () => {
  await using link = linkOf(new LateClient(), 60_000);
  const ending = new AbortController();
  const never = link.persist(() => link.offsets([0]), ending.signal);
  ending.abort();
  await assertRejects(() => never, Error, "no answer before the deadline");
  await assertRejects(() => link.persist(() => link.offsets([0]), ending.signal), Error, "no answer");
});
