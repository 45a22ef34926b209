/**
 * The service without a stream: it scores for callers.
 *
 * @module
 */
import { loadModel } from "../forest/load.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { Judge } from "../pipeline/judge.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import { createApp, type HttpApp } from "./app.ts";
import { type FeatureStates, OwnState } from "./live/feature_states.ts";
import { FlaggedFeed } from "./live/flagged_feed.ts";
import { gatedLedger } from "./ledger_gate.ts";
import type { Access } from "./access/guard.ts";
import { LiveNumbers } from "./live/live_numbers.ts";
import { readModelFiles } from "./model_files.ts";
import { openPageRoutes } from "./page/files.ts";
import { SnapshotStates } from "./live/snapshot_states.ts";

/** Which states answer, as the log says it. */
function describeStates(states: FeatureStates): string {
  return states.all().map(({ origin, partition, ageS }) => {
    if (origin === "own") return "own, which is empty at first and learns from what is scored";
    if (origin === "cold") return "cold: each transaction is scored as its customer's first";
    const age = ageS === null ? "of unknown age" : `${ageS} s old`;
    return `${origin} of partition ${partition}, ${age}`;
  }).join("; ");
}

/** What the service needs. */
export interface AloneParts {
  model: string | URL;
  /** Source of feature states and flagged transactions, if there is one. */
  ledger?: Ledger;
  topic: string;
  /** Without a ledger: score each transaction as if it were the first one. */
  stateless: boolean;
  /** Most that an event time may lie after the clock's (default: one day). */
  maxAheadMs?: number;
  telemetry: Telemetry;
}

/** The service; `listen` gives it an address. */
export interface AloneService extends Disposable {
  app: HttpApp;
}

const REFRESH_MS = 30_000;

/**
 * Opens the service without a stream.
 *
 * With a ledger it scores with the newest feature states there, and looks for newer ones every 30 s. Without one it keeps its
 * own state in memory, which each scored transaction updates once, by its id.
 *
 * @throws RangeError or Error if the model is damaged or was trained on a table; Error if the module is not built.
 */
export async function openAlone(access: Access, parts: AloneParts): Promise<AloneService> {
  const { ledger, topic, telemetry } = parts;
  const model = await loadModel(parts.model);
  const live = new LiveNumbers(model.manifest);
  const snapshots = ledger &&
    await SnapshotStates.open(ledger, topic, model.manifest, (message) => telemetry.log("error", message));
  await ledger?.queries.prepare();
  const states = snapshots ?? new OwnState(model.manifest, parts);
  const judge = await Judge.open(model, parts);
  const ending = new AbortController();
  const app = createApp(
    {
      ...{ service: "serve" as const, topic, judge, states, live, telemetry },
      modelFiles: await readModelFiles(parts.model),
      ledger: ledger && gatedLedger(ledger),
      feed: new FlaggedFeed(),
      signal: ending.signal,
    },
    access,
    await openPageRoutes(),
  );
  const stepping = setInterval(() => live.look(), LiveNumbers.stepMs);
  const sayLacking = () => {
    const what = `feature state of ${topic}`;
    if (snapshots?.lacking === undefined) telemetry.recovered(what);
    else telemetry.trouble(what, snapshots.lacking, true);
  };
  sayLacking();
  telemetry.log("info", `serve: scoring with the feature state ${describeStates(states)}`);
  const refreshing = snapshots && setInterval(() => {
    snapshots.refresh().then(
      () => telemetry.recovered("feature states"),
      (error) => telemetry.trouble("feature states", error.message),
    ).then(sayLacking);
  }, REFRESH_MS);
  // Only the listener keeps the process alive: `deno serve` ends on SIGTERM once nothing else does.
  for (const timer of [stepping, refreshing]) if (timer !== undefined) Deno.unrefTimer(timer);
  return {
    app,
    [Symbol.dispose]() {
      clearInterval(stepping);
      clearInterval(refreshing);
      ending.abort();
      judge[Symbol.dispose]();
    },
  };
}
