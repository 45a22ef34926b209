import { openBroker, openLedger, openListeners, openObjects } from "../../../src/adapters.ts";
import { readConfig } from "../../../src/config.ts";
import { runConsumer } from "../../../src/consumer/consumer.ts";
import { describeStatus } from "../../../src/consumer/status.ts";
import { openFeatureStage } from "../../../src/features/stage.ts";
import { loadModel } from "../../../src/forest/load.ts";
import { isLoopback } from "../../../src/http/address.ts";
import { openBesideStream } from "../../../src/http/beside_stream.ts";
import { readModelFiles } from "../../../src/http/model_files.ts";
import { objectEncoders } from "../../../src/objects/formats/encoders.ts";
import { Judge } from "../../../src/pipeline/judge.ts";
import { createTelemetry } from "../../../src/runtime/telemetry.ts";
import { endingSignal } from "../../cli/ending_signal.ts";
import { alertSettings } from "../../cli/options/alerts.ts";
import { modelPlace } from "../../cli/options/model_place.ts";
import { openTokens } from "../../cli/options/open_tokens.ts";
import { featuresOptionsOf } from "../../cli/options/state.ts";
import type { ConsumeFlags } from "../consume.ts";

/** Least time between two lines of status. */
const SAY_STATUS_MS = 4900;

/** Runs the consumer until it is told to end, or with `untilEmpty` until all is committed and relayed. */
export async function consume(flags: ConsumeFlags): Promise<void> {
  const config = readConfig(flags);
  const alerts = alertSettings(flags);
  const model = await loadModel(modelPlace(config.model));
  // A model whose features cannot be computed is refused before anything is opened.
  openFeatureStage(model.manifest);
  using judge = await Judge.open(model);
  const telemetry = createTelemetry({ level: flags.debug ? "debug" : flags.quiet ? "warn" : "info" });
  using tokens = await openTokens(flags, telemetry);
  // Where requests are answered nothing may keep the thread.
  const inThread = flags.http !== undefined;
  await using broker = await openBroker(config.stream, { ...config, inThread });
  await using ledger = await openLedger(config.ledger, { inThread });
  await using store = await openObjects(config.objects);
  using ending = endingSignal("consume");
  const startedAt = performance.now();
  const { topic, labelTopic } = flags;
  await using web = flags.http && await openBesideStream(flags.http, { tokens }, {
    ...{ broker, ledger, judge, topic, labelTopic, telemetry },
    modelFiles: await readModelFiles(modelPlace(config.model)),
  });
  if (web !== undefined) console.error(`consume: serving ${web.url}`);
  const pageUrl = flags.http && isLoopback(flags.http) ? web?.url : undefined;
  const listeners = await openListeners({ publicUrl: pageUrl, ...alerts }, broker);
  let statusSaidAt = -Infinity;
  try {
    await runConsumer({
      broker,
      ledger,
      store,
      judge,
      topic: flags.topic,
      labelTopic: flags.labelTopic,
      partitions: flags.partitions,
      group: flags.group,
      logMode: flags.log,
      featuresOptions: featuresOptionsOf(flags),
      snapshotRecords: flags.snapshotRecords,
      encoder: objectEncoders[flags.format],
      listeners,
      telemetry,
    }, {
      untilEmpty: flags.untilEmpty,
      signal: ending.signal,
      maxBatchRecords: flags.maxBatchRecords,
      sessionTimeoutMs: flags.sessionTimeout,
      flushRows: flags.flushRows,
      flushBytes: flags.flushBytes,
      flushIntervalMs: flags.flushInterval,
      ...web?.hooks,
      onStatus: (status) => {
        web?.hooks.onStatus?.(status);
        if (!status.healthy) telemetry.trouble("health", describeStatus(status), true);
        else telemetry.recovered("health");
        const isIdle = status.recordsPerS === 0 && status.lag.every(({ records }) => records === 0);
        if (isIdle || performance.now() - statusSaidAt < SAY_STATUS_MS) return;
        statusSaidAt = performance.now();
        telemetry.log("info", `consume: ${describeStatus(status)}`);
      },
      onCommit(outcome, batchMs) {
        web?.hooks.onCommit?.(outcome, batchMs);
        const { topic, partition, nextOffset, scored, flagged, deadLetters } = outcome;
        telemetry.log(
          "debug",
          `committed ${topic}/${partition} up to offset ${nextOffset}: ${scored} scored, ${flagged.length} flagged, ` +
            `${deadLetters.length} dead letters`,
        );
      },
    });
  } finally {
    for (const { sink } of listeners) await sink[Symbol.asyncDispose]();
  }
  const count = (name: string) => telemetry.counters().get(name) ?? 0;
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = Math.round(count("records") / seconds).toLocaleString("en-US");
  console.error(
    `consumed   ${count("records")} records in ${seconds.toFixed(1)} s, ${rate} a second: ${
      count("flagged")
    } flagged, ` +
      `${count("dead_letters")} dead letters; ledger ${ledger.name}, objects ${store.name}`,
  );
}
