/** How a webhook wants its body: the alert's message as JSON, signed, or what Slack and its kin take. */
export type WebhookFormat = "json" | "slack";

/** Where a webhook is. */
export interface WebhookAddress {
  url: URL;
  format: WebhookFormat;
}

const FORMATS: readonly [prefix: string, format: WebhookFormat][] = [
  ["webhook+slack:", "slack"],
  ["webhook:", "json"],
];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads the address of a webhook: a URL, or one after `webhook:` or `webhook+slack:`, which say its format.
 *
 * @param text Such as `https://host/path` or `webhook+slack:https://hooks.slack.com/services/…`.
 * @throws RangeError for any other text; the message leaves out its path, which may be a secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readWebhookAddress } from "./address.ts";
 *
 * const { url, format } = readWebhookAddress("webhook+slack:https://hooks.example/T1/B2");
 * assertEquals([url.host, format], ["hooks.example", "slack"]);
 * ```
 */
export function readWebhookAddress(text: string): WebhookAddress {
  const named = FORMATS.find(([prefix]) => text.startsWith(prefix));
  const address = named === undefined ? text : text.slice(named[0].length);
  if (!URL.canParse(address)) {
    throw refused("a URL, such as https://host/path", address === "" ? "empty" : "no URL");
  }
  const url = new URL(address);
  const isLocal = url.protocol === "http:" && LOOPBACK.test(url.hostname);
  if (url.protocol !== "https:" && !isLocal) {
    throw refused("https:, or http: on the loopback", `${url.protocol}//${url.host}`);
  }
  return { url, format: named?.[1] ?? "json" };
}

function refused(must: string, current: string): RangeError {
  return new RangeError(
    `Cannot use the webhook's address as it must be ${must}: current value is ${current}`,
  );
}
