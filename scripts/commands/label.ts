import { Command, Option } from "commander";
import { openBroker, openLedger } from "../../src/adapters.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { type LabelResult, recordLabel } from "../../src/relay/labels/record_label.ts";
import type { RecordedLabel } from "../../src/ledger/labels.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { pointInTime, topicName } from "../cli/options/values.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

interface LabelFlags extends Partial<Config> {
  transaction: string;
  fraud?: boolean;
  legit?: boolean;
  by?: string;
  at?: number;
  labelTopic: string;
  json?: boolean;
}

/** The command `label`: an analyst's answer to a transaction, into the ledger and the label topic. */
export const labelCommand: Command = engineOptions(
  new Command("label")
    .description(
      "Say what a transaction was. The newest answer is the truth, the ones before stay as its history; features of " +
        "later transactions learn of it, verdicts that were given stay.",
    )
    .requiredOption("--transaction <id>", "transaction_id of the transaction")
    .addOption(new Option("--fraud", "it was a fraud").conflicts("legit"))
    .option("--legit", "it was legitimate")
    .option("--by <name>", "who says so; kept in the ledger")
    .option(
      "--at <time>",
      "when it became known (default: now); only transactions of that time or later see the label",
      pointInTime,
    )
    .option("--label-topic <name>", "topic of the labels", topicName, "labels")
    .option("--json", "print what was recorded as JSON"),
  ["stream", "ledger"],
).action(label);

async function label(flags: LabelFlags): Promise<void> {
  if (!flags.fraud && !flags.legit) {
    throw new UsageError("Cannot label as --fraud or --legit must be given: current value is neither");
  }
  const config = readConfig(flags);
  await using broker = await openBroker(config.stream, { ...config, mustExist: true });
  await using ledger = await openLedger(config.ledger, { mustExist: true });
  const answer = {
    transactionId: flags.transaction,
    isFraud: flags.fraud === true,
    source: "command",
    by: flags.by,
  } as const;
  const parts = { ledger, broker, labelTopic: flags.labelTopic };
  const result = await recordLabel(parts, answer, { labelledAtMs: flags.at });
  console.log(flags.json ? JSON.stringify(asJson(result), null, 2) : describe(result));
  if (result.undelivered !== undefined) {
    throw new Error(
      `The label is in the ledger, and the next label puts it to the topic ${flags.labelTopic}: ` +
        result.undelivered.message,
      { cause: result.undelivered },
    );
  }
}

function asJson({ matches, recorded, history, produced }: LabelResult): Record<string, unknown> {
  const wire = ({ transactionId, customerId, terminalId, ...label }: RecordedLabel) => ({
    transaction_id: transactionId,
    customer_id: customerId,
    terminal_id: terminalId,
    timestamp: new Date(label.timestampMs).toISOString(),
    is_fraud: label.isFraud,
    labelled_at: new Date(label.labelledAtMs).toISOString(),
    decided_at: label.decidedAtMs === null ? null : new Date(label.decidedAtMs).toISOString(),
    by: label.labelledBy,
    source: label.source,
    claimed_by: label.claimedBy,
    repeats: label.repeats,
  });
  return {
    transactions: matches.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`),
    recorded: recorded.map(wire),
    history: history.labels.map(wire),
    history_total: history.total,
    produced,
  };
}

function describe({ matches, recorded, history }: LabelResult): string {
  const [{ transactionId }] = matches;
  const lines: string[] = [];
  if (matches.length > 1) {
    const places = matches.slice(0, 5).map(({ topic, partition, offset }) =>
      `${topic}/${partition}/${offset}`
    );
    const rest = matches.length > places.length ? ", …" : "";
    lines.push(
      `note       ${matches.length} records have the id ${transactionId}: ${places.join(", ")}${rest}`,
    );
  }
  const word = ({ isFraud }: RecordedLabel) => isFraud ? "fraud" : "legitimate";
  for (const label of recorded) {
    lines.push(
      `labelled   ${transactionId} of customer ${label.customerId} at terminal ${label.terminalId}: ${
        word(label)
      }, ` +
        `known from ${new Date(label.labelledAtMs).toISOString()} on`,
    );
  }
  if (recorded.length === 0) {
    lines.push(`known      ${transactionId} is labelled so already; the history alone has the answer`);
  }
  if (history.total > 1) {
    const earlier = history.total - history.labels.length;
    lines.push(
      `history    ${earlier > 0 ? `${earlier} earlier ones, then ` : ""}` +
        history.labels.map((label) => `${word(label)}${authorOf(label)}`).join(", then "),
    );
  }
  return lines.join("\n");
}

function authorOf({ labelledBy, source }: RecordedLabel): string {
  const from = source === "stream" ? " from the stream" : source === "api" ? " over HTTP" : "";
  return `${labelledBy === null ? "" : ` by ${labelledBy}`}${from}`;
}

if (import.meta.main) await runAsProgram(labelCommand);
