/**
 * The service beside a running consumer.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Broker } from "../broker/broker.ts";
import type { ConsumerOptions } from "../consumer/consumer_options.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { createApp } from "./app.ts";
import type { Access } from "./access/guard.ts";
import { OwnedStates } from "./live/feature_states.ts";
import { FlaggedFeed } from "./live/flagged_feed.ts";
import type { HttpAddress } from "./address.ts";
import { listen } from "./listen.ts";
import { LiveNumbers } from "./live/live_numbers.ts";
import type { ModelFiles } from "./model_files.ts";
import { openPageFiles } from "./page_files.ts";
import { pageRoutes } from "./routes/page_routes.ts";

/** What the consumer that is served shares with the service. */
export interface BesideStreamParts {
  /** The stream. */
  broker: Broker;
  /** The ledger. */
  ledger: Ledger;
  judge: Judge;
  /** Its files. */
  modelFiles: ModelFiles;
  /** Topic of the transactions. */
  topic: string;
  /** Topic of the labels. */
  labelTopic: string;
  /** Takes lines for the log, and has the counters. */
  telemetry: Telemetry;
}

/** A service that looks on at a consumer. */
export interface BesideStream extends AsyncDisposable {
  /** Where a person would open it. */
  readonly url: string;
  /** Hooks for `runConsumer`. */
  readonly hooks: Pick<
    ConsumerOptions,
    "onCommit" | "onScored" | "onOwned" | "onStatus" | "statusIntervalMs" | "giveWay"
  >;
}

/**
 * Least time between two batches, and its share of the batch before: a request takes many turns of the event loop before it
 * is in hand and after it was, and where a stream is caught up with the batches leave no other.
 */
const LEAST_WAY_MS = 1;
const WAY_SHARE = 0.1;
/** Longest that a batch waits for the requests in hand, where the share is not longer. */
const MOST_WAY_MS = 20;
/** How often the number of partitions, which may grow, is looked at anew. */
const PARTITIONS_EVERY_MS = 30_000;

/**
 * Opens the service beside a consumer that is about to run with its hooks.
 *
 * @throws Deno's error where the address cannot be listened at; Error where the page or the module is missing.
 */
export async function openBesideStream(
  address: HttpAddress,
  access: Access,
  parts: BesideStreamParts,
): Promise<BesideStream> {
  const { broker, ledger, judge, topic, labelTopic, telemetry } = parts;
  const { model } = judge;
  const live = new LiveNumbers(model.manifest);
  const feed = new FlaggedFeed();
  let partitions = await broker.partitions(topic);
  const states = new OwnedStates(broker, model.manifest, () => partitions);
  await ledger.queries.prepare();
  const ending = new AbortController();
  const page = pageRoutes(await openPageFiles());
  const app = {
    ...parts,
    service: "consume" as const,
    model,
    live,
    feed,
    states,
    labels: { broker, labelTopic, eventTimeMs: () => live.eventTimeMs },
    counters: telemetry.counters,
  };
  const httpApp = createApp(
    { ...app, signal: ending.signal },
    access,
    page,
    (error) => telemetry.log("error", `http: ${error.stack ?? error.message}`),
  );
  const server = await listen(address, httpApp);
  const look = () => {
    broker.partitions(topic).then(
      (found) => partitions = found,
      (error) => telemetry.log("warn", `http: the number of partitions is not known now: ${error.message}`),
    );
  };
  let batchMs = 0;
  const looking = setInterval(look, PARTITIONS_EVERY_MS);
  return {
    url: server.url,
    hooks: {
      statusIntervalMs: LiveNumbers.stepMs,
      async giveWay() {
        const from = performance.now();
        const least = Math.max(LEAST_WAY_MS, WAY_SHARE * batchMs);
        const most = Math.max(MOST_WAY_MS, 2 * least);
        let waited = 0;
        // A turn at once does not look at the sockets: what has come there is seen after a pause.
        do {
          await pause(1);
          waited = performance.now() - from;
        } while (waited < least || httpApp.inHand > 0 && waited < most);
      },
      onStatus: (status) => live.look(status),
      onScored: (scored) => live.scored(scored),
      onCommit(outcome, lastBatchMs) {
        batchMs = lastBatchMs;
        live.committed(outcome, lastBatchMs);
        feed.committed(outcome);
      },
      onOwned(partition, stage) {
        if (stage === undefined) live.forget(partition);
        else look();
        states.set(partition, stage);
      },
    },
    async [Symbol.asyncDispose]() {
      clearInterval(looking);
      ending.abort();
      await server[Symbol.asyncDispose]();
    },
  };
}
