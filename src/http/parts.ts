import type { Model } from "../forest/manifest.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Judge } from "../pipeline/judge.ts";
import type { FeatureStates } from "./live/feature_states.ts";
import type { FlaggedFeed } from "./live/flagged_feed.ts";
import type { LabelTarget } from "./routes/label_routes.ts";
import type { LiveNumbers } from "./live/live_numbers.ts";
import type { ModelFiles } from "./model_files.ts";

/** What the HTTP service is made of. */
export interface HttpParts {
  /** Whether a stream is consumed beside it, or transactions are scored for callers alone. */
  service: "consume" | "serve";
  /** Topic of the transactions that the ledger holds. */
  topic: string;
  /** The model that scores. */
  model: Model;
  /** The files of the model, as they are. */
  modelFiles: ModelFiles;
  judge: Judge;
  /** The feature state of each customer. */
  states: FeatureStates;
  /** Counts and times of what runs beside it. */
  live: LiveNumbers;
  feed: FlaggedFeed;
  /** Flagged transactions, the log and labels; absent where there is no ledger. */
  ledger?: Ledger;
  /** Where labels go; absent where there is no stream. */
  labels?: LabelTarget;
  /** The process's counters by name. */
  counters(): ReadonlyMap<string, number>;
  /** Aborts when the service ends, so that answers without an end end, too. */
  signal: AbortSignal;
}
