import type { AskedLedger } from "./ledger_gate.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import type { FeatureStates } from "./live/feature_states.ts";
import type { FlaggedFeed } from "./live/flagged_feed.ts";
import type { LabelTarget } from "./routes/label_routes.ts";
import type { LiveNumbers } from "./live/live_numbers.ts";
import type { ModelFiles } from "./model_files.ts";

/** What the HTTP service is made of. */
export interface HttpParts {
  /** Whether a stream is consumed beside it, or it only scores requests. */
  service: "consume" | "serve";
  /** Topic of the transactions that the ledger holds. */
  topic: string;
  judge: Judge;
  modelFiles: ModelFiles;
  states: FeatureStates;
  live: LiveNumbers;
  feed: FlaggedFeed;
  /** Flagged transactions, the log and labels; absent where there is no ledger. */
  ledger?: AskedLedger;
  /** Where labels go; absent where there is no stream. */
  labels?: LabelTarget;
  telemetry: Pick<Telemetry, "counters" | "count" | "failing" | "log" | "notReady">;
  /** Aborts when the service ends, so that event streams end, too. */
  signal: AbortSignal;
}
