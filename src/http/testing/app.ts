/**
 * The service over a small stream that was consumed, for tests.
 *
 * @module
 */
import { buildModule } from "../../testing/module.ts";
import type { Broker } from "../../broker/broker.ts";
import type { Model } from "../../forest/manifest.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { FeatureStage } from "../../features/stage.ts";
import { createTelemetry, type Failing } from "../../runtime/telemetry.ts";
import { makeEmbeddedRun, openEmbedded } from "../../testing/embedded_run.ts";
import { createApp, type HttpApp } from "../app.ts";
import { OwnedStates } from "../live/feature_states.ts";
import { FlaggedFeed } from "../live/flagged_feed.ts";
import type { Access } from "../access/guard.ts";
import { LiveNumbers } from "../live/live_numbers.ts";
import { gatedLedger } from "../ledger_gate.ts";
import { readModelFiles } from "../model_files.ts";

/** A service whose stream was consumed to its end. */
export interface TestingApp extends AsyncDisposable {
  /** Sends a request as this machine does, or as another address; `path` begins with a slash. */
  ask(path: string, init?: RequestInit & { address?: string }): Promise<Response>;
  /** The same app with other rules. */
  withAccess(access: Access): HttpApp;
  /** The same app over another ledger. */
  withLedger(ledger: Ledger): HttpApp;
  ledger: Ledger;
  broker: Broker;
  model: Model;
  /** The state of each partition at the stream's end. */
  stages: ReadonlyMap<number, FeatureStage>;
  /** What it logged: unexpected errors, and the rest. */
  errors: string[];
  lines: string[];
  /** What it is told to have failed for long. */
  failing: Failing[];
  /** What the service counts. */
  live: LiveNumbers;
  /** How far the clock of what it counts is ahead, milliseconds. */
  clock: { aheadMs: number };
}

/** Consumes a small stream and opens the service over it, in a folder of its own. */
export async function openTestingApp(options: { partitions?: number } = {}): Promise<TestingApp> {
  await buildModule();
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 3000, partitions: options.partitions });
  const telemetry = createTelemetry({ write() {} });
  const service = await openEmbedded(folder, { telemetry });
  const { broker, ledger, judge } = service.parts;
  const { model } = judge;
  const clock = { aheadMs: 0 };
  const live = new LiveNumbers(model.manifest, () => Date.now() + clock.aheadMs);
  const feed = new FlaggedFeed();
  const partitions = options.partitions ?? 1;
  const states = new OwnedStates(broker, model.manifest, () => partitions);
  const stages = new Map<number, FeatureStage>();
  await service.run({
    untilEmpty: true,
    onScored: (scored) => live.scored(scored),
    onCommit(outcome, batchMs) {
      live.committed(outcome, batchMs);
      feed.committed(outcome);
    },
    onOwned(partition, state) {
      // They stay as they are at the end of the stream.
      if (state === undefined) return;
      states.set(partition, state);
      stages.set(partition, state.stage);
    },
  });
  live.look({ lag: [], recordsPerS: 0, batchMs: 0, retries: 0, lost: 0, restoring: [], healthy: true });
  await ledger.queries.prepare();
  const [errors, lines]: string[][] = [[], []];
  const failing: Failing[] = [];
  const parts = {
    ...{ judge, states, live, feed, ledger },
    service: "consume" as const,
    topic: "transactions",
    modelFiles: await readModelFiles(`${folder}/model`),
    labels: { broker, labelTopic: "labels" },
    telemetry: {
      counters: telemetry.counters,
      count: telemetry.count,
      notReady: telemetry.notReady,
      failing: () => failing,
      log: (level: string, line: string) => void (level === "error" ? errors : lines).push(line),
    },
    signal: new AbortController().signal,
  };
  const withAccess = (access: Access) => createApp(parts, access);
  const withLedger = (other: Ledger) => createApp({ ...parts, ledger: gatedLedger(other) }, {});
  const app = withAccess({});
  return {
    ...{ withAccess, withLedger, ledger, broker, model, stages, errors, lines, failing, live, clock },
    ask: (path, { address = "127.0.0.1", ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has("host")) headers.set("host", "127.0.0.1:8080");
      return app.fetch(new Request(`http://127.0.0.1:8080${path}`, { ...init, headers }), address);
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
