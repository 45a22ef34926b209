import { type Command, InvalidArgumentError } from "commander";
import { openConsole } from "../../../src/alerts/console.ts";
import { openTopic } from "../../../src/alerts/topic.ts";
import { openWebhook } from "../../../src/alerts/webhook/webhook.ts";
import { readWebhookAddress } from "../../../src/alerts/webhook/address.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import { ALERT_ENVIRONMENT, readAlertSettings } from "../../../src/config.ts";
import { AlertBudget } from "../../../src/relay/grouping/alert_budget.ts";
import type { Listener } from "../../../src/relay/alerts.ts";
import { durationOption } from "./duration.ts";
import { wholeNumber } from "./values.ts";
import { UsageError } from "../run_command.ts";

/** Kinds of listeners. */
const TARGETS = ["console", "topic", "webhook"] as const;
type AlertTarget = typeof TARGETS[number];

/** What the options of alerts say. */
export interface AlertFlags {
  /** Kinds of listeners. */
  alerts: AlertTarget[];
  /** Addresses of webhooks. */
  webhook?: string[];
  /** Address of the page. */
  publicUrl?: string;
  /** Milliseconds. */
  alertWindow: number;
  /** Alerts. */
  alertsPerMinute: number;
  /** Milliseconds. */
  alertRetryFor: number;
}

/** Adds the options of alerts to a command. */
export function alertOptions(command: Command): Command {
  return command
    .option(
      "--alerts <where>",
      "who is told of flagged ones: console, topic (fraud-alerts, each by itself), webhook, several with commas, or none",
      alertTargets,
      ["console"],
    )
    .option(
      "--webhook <url>",
      "webhook to tell, signed by WEBHOOK_SECRET; webhook+slack:URL for Slack and its kin; may be given several times " +
        `(default: ${ALERT_ENVIRONMENT.webhooks})`,
      (url: string, before: string[] = []) => [...before, url],
    )
    .option(
      "--public-url <url>",
      `address of the page, for links in alerts (default: ${ALERT_ENVIRONMENT.publicUrl}, else that of --http on this machine)`,
    )
    .addOption(
      durationOption(
        "--alert-window <time>",
        "console and webhooks: after a customer's first alert, time until the next one, which tells of all since",
        "5m",
      ),
    )
    .option(
      "--alerts-per-minute <n>",
      "console and webhooks: alerts a minute at most; what is over is told of in one alert a minute and partition",
      wholeNumber(1, 100_000),
      20,
    )
    .addOption(
      durationOption(
        "--alert-retry-for <time>",
        "time after which an alert that a webhook does not take is given up; it stays in the ledger",
        "6h",
      ),
    );
}

/** What listeners need besides the options. */
export interface ListenerParts {
  /** The stream that takes the topic of alerts. */
  broker: Broker;
  /** Address of the page where no option or setting says it. */
  pageUrl?: string;
}

/**
 * Checks the options before anything is opened.
 *
 * @throws UsageError where webhooks are named and not used, or used and not named; TypeError or RangeError for wrong settings.
 */
export function checkAlerts(flags: AlertFlags): void {
  const { webhooks } = readAlertSettings({ webhooks: flags.webhook, publicUrl: flags.publicUrl });
  const usesWebhooks = flags.alerts.includes("webhook");
  if (usesWebhooks && webhooks.length === 0) {
    throw new UsageError(
      `Cannot tell webhooks as --webhook or ${ALERT_ENVIRONMENT.webhooks} must name one: none is given`,
    );
  }
  if (!usesWebhooks && flags.webhook !== undefined) {
    throw new UsageError(
      `Cannot use --webhook as --alerts must name webhook, such as console,webhook: current value is ${
        flags.alerts.join(",") || "none"
      }`,
    );
  }
  if (!usesWebhooks) return;
  try {
    webhooks.forEach((url) => readWebhookAddress(url));
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/**
 * Opens the listeners that the options and settings name; whoever opens them closes their sinks.
 *
 * @throws As `checkAlerts`; RangeError where a webhook cannot be signed.
 */
export async function openListeners(
  flags: AlertFlags,
  { broker, pageUrl }: ListenerParts,
): Promise<Listener[]> {
  checkAlerts(flags);
  const { alerts, alertWindow: windowMs, alertsPerMinute, alertRetryFor: retryForMs } = flags;
  const { webhooks, webhookSecrets, publicUrl = pageUrl } = readAlertSettings({
    webhooks: flags.webhook,
    publicUrl: flags.publicUrl,
  });
  const grouping = () => ({ windowMs, retryForMs, budget: new AlertBudget(alertsPerMinute) });
  const listeners: Listener[] = [];
  if (alerts.includes("console")) {
    // The budget of the minute is its bound.
    const sink = openConsole({ publicUrl, linesPerSecond: Infinity });
    listeners.push({ name: "console", sink, grouping: grouping() });
  }
  if (alerts.includes("topic")) listeners.push({ name: "topic", sink: openTopic(broker, { publicUrl }) });
  for (const url of alerts.includes("webhook") ? new Set(webhooks) : []) {
    const sink = await openWebhook(readWebhookAddress(url), { secrets: webhookSecrets, publicUrl });
    listeners.push({ name: `webhook ${sink.name}`, sink, grouping: grouping() });
  }
  return listeners;
}

function alertTargets(text: string): AlertTarget[] {
  const names = text === "none" ? [] : text.split(",");
  for (const name of names) {
    if (!TARGETS.some((target) => target === name)) {
      throw new InvalidArgumentError(
        `It must be none, or some of ${TARGETS.join(", ")} with commas between: current value is ${text}`,
      );
    }
  }
  return TARGETS.filter((target) => names.includes(target));
}
