import { readConfig } from "../../../src/config.ts";
import { type ConsumerStatus, describeStatus } from "../../../src/consumer/status.ts";
import { createTelemetry, type Telemetry } from "../../../src/runtime/telemetry.ts";
import { openService } from "../../../src/service.ts";
import { lostOffsets } from "../../../src/ledger/losses.ts";
import { endingSignal } from "../../cli/ending_signal.ts";
import { acceptedBy } from "../../cli/options/accept_gaps.ts";
import { alertSettings } from "../../cli/options/alerts.ts";
import { openDefinitionOf } from "../../cli/options/definition.ts";
import { modelPlace } from "../../cli/options/model_place.ts";
import { openTokens } from "../../cli/options/open_tokens.ts";
import { featuresOptionsOf } from "../../cli/options/state.ts";
import type { ConsumeFlags } from "../consume.ts";

/** Least time between two lines of status. */
const LEAST_REPORT_MS = 4900;

/** Runs the consumer until it is told to end, or with `untilEmpty` until all is committed and relayed. */
export async function consume(flags: ConsumeFlags): Promise<void> {
  const config = readConfig(flags);
  const alerts = alertSettings(flags);
  const telemetry = createTelemetry({ level: flags.debug ? "debug" : flags.quiet ? "warn" : "info" });
  using tokens = await openTokens(flags, telemetry);
  using definition = await openDefinitionOf(flags, telemetry);
  await using service = await openService({ ...config, model: modelPlace(config.model), definition }, {
    ...{
      telemetry,
      alerts,
      http: flags.http,
      access: { tokens, log: flags.accessLog },
      maxAheadMs: flags.maxAhead,
    },
    topic: flags.topic,
    labelTopic: flags.labelTopic,
    partitions: flags.partitions,
    group: flags.group,
    logMode: flags.log,
    format: flags.format,
    featuresOptions: featuresOptionsOf(flags),
    snapshotRecords: flags.snapshotRecords,
    snapshotIntervalMs: flags.snapshotInterval,
    maxBatchRecords: flags.maxBatchRecords,
    sessionTimeoutMs: flags.sessionTimeout,
    flushRows: flags.flushRows,
    flushBytes: flags.flushBytes,
    flushIntervalMs: flags.flushInterval,
    untilEmpty: flags.untilEmpty,
    acceptGaps: acceptedBy(flags),
    tolerateFaults: flags.tolerateFaults,
  });
  using ending = endingSignal("consume");
  if (service.url !== undefined) console.error(`consume: serving ${service.url}`);
  const startedAt = performance.now();
  await service.run({
    signal: ending.signal,
    onStatus: statusReporter(telemetry),
    onCommit({ topic, partition, nextOffset, scored, flagged, deadLetters }) {
      telemetry.log(
        "debug",
        `committed ${topic}/${partition} up to offset ${nextOffset}: ${scored} scored, ${flagged.length} flagged, ` +
          `${deadLetters.length} dead letters`,
      );
    },
  });
  const { ledger, store } = service.parts;
  const count = (name: string) => telemetry.counters().get(name) ?? 0;
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = Math.round(count("records") / seconds).toLocaleString("en-US");
  const passed = definition === undefined ? "" : `, ${count("passed")} passed over`;
  const counts = `${count("flagged")} flagged, ${count("dead_letters")} dead letters${passed}`;
  console.error(
    `consumed   ${count("records")} records in ${seconds.toFixed(1)} s, ${rate} a second: ${counts}; ` +
      `ledger ${ledger.name}, objects ${store.name}`,
  );
  const lost = lostOffsets(
    (await ledger.losses.list(flags.topic)).filter((each) => each.acceptedBy === null),
  );
  if (lost === 0) return;
  console.error(
    `LOST       ${lost} offsets of ${flags.topic} were deleted from the stream before they were read; with ` +
      "--accept-gaps you accept that, and the ledger keeps your name",
  );
  // A consumer that was told to end has done what it was told.
  if (!ending.signal.aborted) Deno.exitCode = 1;
}

/** Reports a stalled consumer at once, and progress from time to time. */
function statusReporter(telemetry: Telemetry): (status: ConsumerStatus) => void {
  let reportedAt = -Infinity;
  return (status) => {
    if (!status.healthy) telemetry.trouble("health", describeStatus(status), true);
    else telemetry.recovered("health");
    const isIdle = status.recordsPerS === 0 && status.lag.every(({ records }) => records === 0);
    if (isIdle || performance.now() - reportedAt < LEAST_REPORT_MS) return;
    reportedAt = performance.now();
    telemetry.log("info", `consume: ${describeStatus(status)}`);
  };
}
