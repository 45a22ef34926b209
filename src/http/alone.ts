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
import { OwnState } from "./live/feature_states.ts";
import { FlaggedFeed } from "./live/flagged_feed.ts";
import type { Access } from "./access/guard.ts";
import { LiveNumbers } from "./live/live_numbers.ts";
import { readModelFiles } from "./model_files.ts";
import { openPageRoutes } from "./page/files.ts";
import { SnapshotStates } from "./live/snapshot_states.ts";

/** What the service works with. */
export interface AloneParts {
  model: string | URL;
  /** Whose newest feature states it scores with, and whose flagged transactions it shows; absent for none. */
  ledger?: Ledger;
  /** Topic of the transactions that the ledger holds. */
  topic: string;
  /** Without a ledger: keeps no state, so that each transaction is scored as the first one ever. */
  stateless: boolean;
  /** Takes lines for the log, and has the counters. */
  telemetry: Telemetry;
}

/** The service, to be listened with. */
export interface AloneService extends Disposable {
  app: HttpApp;
}

const REFRESH_MS = 30_000;

/**
 * Opens the service without a stream.
 *
 * With a ledger it scores with the newest feature states there, and looks for newer ones every 30 s. Without one it keeps a
 * state of its own, which takes in each transaction that it scores, once, by its id; the state is gone when it ends.
 *
 * @throws RangeError or Error where the model is damaged, or of a table; Error where the module is not built.
 */
export async function openAlone(access: Access, parts: AloneParts): Promise<AloneService> {
  const { ledger, topic, telemetry } = parts;
  const model = await loadModel(parts.model);
  const live = new LiveNumbers(model.manifest);
  const snapshots = ledger && await SnapshotStates.open(ledger, topic, model.manifest);
  await ledger?.queries.prepare();
  const states = snapshots ?? new OwnState(model.manifest, parts);
  const judge = await Judge.open(model);
  const ending = new AbortController();
  const app = createApp(
    {
      ...{ service: "serve" as const, topic, judge, states, live, ledger, telemetry },
      modelFiles: await readModelFiles(parts.model),
      feed: new FlaggedFeed(),
      signal: ending.signal,
    },
    access,
    await openPageRoutes(),
  );
  const stepping = setInterval(() => live.look(), LiveNumbers.stepMs);
  const refreshing = snapshots && setInterval(() => {
    snapshots.refresh().then(
      () => telemetry.recovered("feature states"),
      (error) => telemetry.trouble("feature states", error.message),
    );
  }, REFRESH_MS);
  // What listens keeps the process alive, and nothing else: `deno serve` ends on SIGTERM when nothing does any more.
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
