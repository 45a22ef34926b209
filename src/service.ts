/** The running service: engines, judge, listeners, and HTTP beside the stream, opened together and closed in order. */
import { type AlertSettings, openBroker, openLedger, openListeners, openObjects } from "./adapters.ts";
import type { Config } from "./config.ts";
import { runConsumer } from "./consumer/consumer.ts";
import type { ConsumerHooks, ConsumerOptions, ConsumerParts } from "./consumer/consumer_options.ts";
import { openFeatureStage } from "./features/stage.ts";
import { loadModel } from "./forest/load.ts";
import type { Access } from "./http/access/guard.ts";
import type { BesideStream } from "./http/beside_stream.ts";
import { type HttpAddress, isLoopback } from "./http/address.ts";
import { Judge } from "./pipeline/judge.ts";
import { createTelemetry, type Telemetry } from "./runtime/telemetry.ts";
import type { OpenedDefinition } from "./stream_definition.ts";

/** Where engines and model are. */
export type ServiceConfig =
  & Pick<Config, "stream" | "ledger" | "objects">
  & Partial<Pick<Config, "kafkaClient">>
  & {
    /** Folder of the model. */
    model: string | URL;
    /** How the records are read (default: as the project's own). */
    definition?: OpenedDefinition;
  };

/** What a service is made of besides its engines, and how its consumer runs. */
export interface ServiceOptions extends Omit<ConsumerOptions, keyof ConsumerHooks> {
  /** Default: warnings and errors on standard error. */
  telemetry?: Telemetry;
  /** Where page and scoring are served beside the stream (default: nowhere). */
  http?: HttpAddress;
  /** Who may ask there. */
  access?: Access;
  /** Who gets alerts (default: nobody); links in them lead to the page if this machine can open it. */
  alerts?: AlertSettings;
  /** Most that an event time may lie after its record's own time (default: one day); Infinity for no bound. */
  maxAheadMs?: number;
}

/** A service whose consumer can be run, also more than once. */
export interface Service extends AsyncDisposable {
  readonly parts: ConsumerParts;
  /** Address of the page; undefined without HTTP. */
  readonly url?: string;
  /**
   * Consumes until the stream is empty, the signal aborts, or something fails for good.
   *
   * @param options Replace the service's own; hooks are called besides those of HTTP.
   * @throws As `runConsumer`.
   */
  run(options?: ConsumerOptions): Promise<void>;
}

/**
 * Opens a service; nothing is consumed before `run`.
 *
 * A model that cannot be used is refused before any engine is opened.
 *
 * @throws What loading the model, opening an engine or listening throws; whatever was opened is closed again.
 */
export async function openService(config: ServiceConfig, options: ServiceOptions = {}): Promise<Service> {
  const { telemetry = createTelemetry({ level: "warn" }), http, access = {}, alerts, maxAheadMs, ...run } =
    options;
  const model = await loadModel(config.model);
  const { features } = openFeatureStage(model.manifest);
  if (features.stateful && model.manifest.usualAmount === undefined) {
    telemetry.log(
      "warn",
      "the model does not say what amount is usual, as it was trained by an earlier version: it is learned from the " +
        "stream, where many payments of strangers can shift it; train the model anew",
    );
  }
  await using opening = new AsyncDisposableStack();
  const decoding = {
    maxAheadMs,
    onUntimed: untimedRecords(telemetry),
    decodeWith: config.definition?.decodeWith,
  };
  const judge = opening.use(await Judge.open(model, decoding));
  // A process that answers requests must not block its thread.
  const inThread = http !== undefined;
  const broker = opening.use(await openBroker(config.stream, { ...config, inThread, telemetry }));
  const ledger = opening.use(await openLedger(config.ledger, { inThread, telemetry }));
  const store = opening.use(await openObjects(config.objects, { telemetry }));
  const web = http &&
    opening.use(await openWeb(http, access, config, { ...run, judge, broker, ledger, telemetry }));
  const pageUrl = http && isLoopback(http) ? web?.url : undefined;
  const listeners = alerts ? await openListeners({ publicUrl: pageUrl, ...alerts }, broker) : [];
  for (const { sink } of listeners) opening.use(sink);
  const parts = { broker, ledger, store, judge, listeners, telemetry };
  const opened = opening.move();
  return {
    parts,
    url: web?.url,
    run: (more = {}) => runConsumer(parts, { ...run, ...more, ...bothHooks(web?.hooks ?? {}, more) }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function untimedRecords(telemetry: Telemetry): (records: number) => void {
  return (records) => {
    const count = telemetry.count("untimed_records", records);
    telemetry.trouble(
      "record times",
      `${count} records have no time of their own (or not in milliseconds), so --max-ahead cannot bound their event time; ` +
        "message.timestamp.type=LogAppendTime makes the broker set it",
      true,
    );
  };
}

/** Loaded for a service with HTTP alone. */
async function openWeb(
  http: HttpAddress,
  access: Access,
  { model }: ServiceConfig,
  { topic = "transactions", labelTopic = "labels", ...parts }:
    & Pick<ConsumerOptions, "topic" | "labelTopic">
    & Pick<ConsumerParts, "broker" | "ledger" | "judge" | "telemetry">,
): Promise<BesideStream> {
  const { openBesideStream } = await import("./http/beside_stream.ts");
  const { readModelFiles } = await import("./http/model_files.ts");
  return await openBesideStream(http, access, {
    ...{ ...parts, topic, labelTopic },
    modelFiles: await readModelFiles(model),
  });
}

function bothHooks(own: ConsumerHooks, more: ConsumerHooks): ConsumerHooks {
  const both = <A extends unknown[]>(first?: (...args: A) => void, second?: (...args: A) => void) =>
    first && second
      ? (...args: A) => {
        first(...args);
        second(...args);
      }
      : first ?? second;
  return {
    ...own,
    ...more,
    onCommit: both(own.onCommit, more.onCommit),
    onScored: both(own.onScored, more.onScored),
    onOwned: both(own.onOwned, more.onOwned),
    onStatus: both(own.onStatus, more.onStatus),
  };
}
