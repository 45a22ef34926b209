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
import { gatedLedger } from "./ledger_gate.ts";
import type { Access } from "./access/guard.ts";
import { OwnedStates } from "./live/feature_states.ts";
import { FlaggedFeed } from "./live/flagged_feed.ts";
import type { HttpAddress } from "./address.ts";
import { listen } from "./listen.ts";
import { LiveNumbers } from "./live/live_numbers.ts";
import type { ModelFiles } from "./model_files.ts";
import { openPageRoutes } from "./page/files.ts";

/** What the service shares with the consumer beside it. */
export interface BesideStreamParts {
  broker: Broker;
  ledger: Ledger;
  judge: Judge;
  modelFiles: ModelFiles;
  topic: string;
  labelTopic: string;
  telemetry: Telemetry;
}

/** A service that watches a consumer. */
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
 * Pause between batches, in milliseconds and as a share of the batch before. A request needs many event-loop turns; while the
 * consumer catches up, batches would starve it.
 */
const LEAST_WAY_MS = 1;
const WAY_SHARE = 0.1;
/** Longest wait of a batch for requests in progress, unless the share is longer. */
const MOST_WAY_MS = 20;
/** The number of partitions may grow; it is read again this often. */
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
  const { manifest } = judge.model;
  const live = new LiveNumbers(manifest);
  const feed = new FlaggedFeed();
  let partitions = await broker.partitions(topic);
  const states = new OwnedStates(broker, manifest, () => partitions);
  await ledger.queries.prepare();
  const ending = new AbortController();
  const httpApp = createApp(
    {
      ...parts,
      ...{ service: "consume" as const, live, feed, states },
      ledger: gatedLedger(ledger),
      labels: { broker, labelTopic, eventTimeMs: () => live.eventTimeMs },
      signal: ending.signal,
    },
    access,
    await openPageRoutes(),
  );
  const server = await listen(address, httpApp);
  const look = () => {
    broker.partitions(topic).then(
      (found) => partitions = found,
      (error) => telemetry.log("warn", `http: cannot read the number of partitions: ${error.message}`),
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
        // An immediate turn does not poll the sockets; a pause does.
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
      onOwned(partition, state) {
        if (state === undefined) live.forget(partition);
        else look();
        states.set(partition, state);
      },
    },
    async [Symbol.asyncDispose]() {
      clearInterval(looking);
      ending.abort();
      await server[Symbol.asyncDispose]();
    },
  };
}
