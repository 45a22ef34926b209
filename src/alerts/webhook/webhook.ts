import { DeliveryError } from "../../runtime/delivery_error.ts";
import { sha256Hex } from "../../runtime/sha256.ts";
import type { Alert, AlertSink } from "../alerts.ts";
import { alertMessage } from "../message.ts";
import { quotedForChat } from "./quoted_for_chat.ts";
import { SIGNATURE_HEADER, signBody } from "./signature.ts";
import { slackBody } from "./slack.ts";
import type { WebhookAddress } from "./address.ts";

/** The header by which a receiver drops repeats. */
export const ALERT_ID_HEADER = "Edgewood-Alert-Id";

/** How a webhook is called. */
export interface WebhookOptions {
  /** Secrets that bodies are signed with, the newest first; needed for the format `json`. */
  secrets?: readonly string[];
  /** Time for one request, from its beginning to the answer's head, in milliseconds; 10,000 by default. */
  timeoutMs?: number;
  publicUrl?: string;
  /** The time in milliseconds since 1970; `Date.now` by default. */
  nowMs?(): number;
}

/** A webhook as a listener. */
export interface Webhook extends AlertSink {
  /** Host and the beginning of the address's SHA-256: tells it from others without the secrets in the address. */
  readonly name: string;
}

/** Signatures are worth no more than the secret. */
const LEAST_SECRET_LENGTH = 16;
const MOST_RETRY_AFTER_MS = 3_600_000;
const MOST_ANSWER_BYTES = 1024;
/** Final statuses: bad alert or dead address. Others (401, 404, 503) may be a receiver being redeployed, so retry them. */
const REFUSALS: readonly number[] = [400, 405, 406, 410, 411, 413, 414, 415, 422, 431];

/**
 * Opens a webhook as a listener: one POST an alert, in order, with the alert's id in `Edgewood-Alert-Id`.
 *
 * A body of the format `json` is the alert's message, signed in `Edgewood-Signature`. An answer of 2xx is a delivery. After
 * 400, 405, 406, 410, 411, 413, 414, 415, 422, 431 or a redirect, which is not followed, `send` throws a `DeliveryError` that is
 * not retriable; after any other, or none, one that is, with the time that `Retry-After` names (an hour at most). Needs
 * `--allow-net` to the host.
 *
 * @throws RangeError where secrets are needed and absent, or too short.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { alertOf } from "../testing/contract.ts";
 * import { openWebhook } from "./webhook.ts";
 * import { readWebhookAddress } from "./address.ts";
 *
 * const ids: unknown[] = [];
 * await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
 *   ids.push(request.headers.get("Edgewood-Alert-Id"));
 *   return new Response();
 * });
 * const address = readWebhookAddress(`http://127.0.0.1:${server.addr.port}/`);
 * await using webhook = await openWebhook(address, { secrets: ["sixteen letters!"] });
 * await webhook.send([alertOf(7)]);
 * assertEquals(ids, ["transactions/0/7"]);
 * ```
 */
export async function openWebhook(
  address: WebhookAddress,
  options: WebhookOptions = {},
): Promise<Webhook> {
  const { secrets = [] } = options;
  if (address.format === "json" && secrets.length === 0) {
    throw new RangeError(
      `Cannot open the webhook at ${address.url.host} as there must be a secret to sign with: WEBHOOK_SECRET is not set`,
    );
  }
  const shortest = Math.min(...secrets.map(({ length }) => length));
  if (shortest < LEAST_SECRET_LENGTH) {
    throw new RangeError(
      `Cannot sign webhooks as each secret (white space and commas are between two) must have ${LEAST_SECRET_LENGTH} characters or more: the shortest has ${shortest}`,
    );
  }
  const digest = await sha256Hex(new TextEncoder().encode(address.url.href));
  return new HttpWebhook(address, `${address.url.host}#${digest.slice(0, 8)}`, options);
}

class HttpWebhook implements Webhook {
  readonly name: string;
  readonly #address: WebhookAddress;
  readonly #options: WebhookOptions;
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });

  constructor(address: WebhookAddress, name: string, options: WebhookOptions) {
    this.#address = address;
    this.name = name;
    this.#options = options;
  }

  async send(alerts: readonly Alert[], signal?: AbortSignal): Promise<void> {
    for (const alert of alerts) await this.#post(alert, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #post(alert: Alert, ending?: AbortSignal): Promise<void> {
    const { timeoutMs = 10_000, publicUrl } = this.#options;
    const message = alertMessage(alert, publicUrl, quotedForChat);
    const body = JSON.stringify(this.#address.format === "slack" ? slackBody(message) : message);
    const late = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await fetch(withoutUser(this.#address.url), {
        method: "POST",
        headers: this.#headers(alert.id, body),
        body,
        redirect: "manual",
        client: this.#client,
        signal: ending === undefined ? late : AbortSignal.any([late, ending]),
      });
    } catch (cause) {
      const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
      throw this.#failed(isLate ? `it gave no answer within ${timeoutMs} ms` : reasonOf(cause), {
        retriable: !(cause instanceof Deno.errors.NotCapable),
        cause,
      });
    }
    const said = await beginningOf(response);
    if (response.ok) return;
    const { status } = response;
    throw this.#failed(`it answered ${status}${said && `: ${said}`}`, {
      retriable: status >= 400 && !REFUSALS.includes(status),
      retryAfterMs: this.#retryAfterMs(response.headers.get("retry-after")),
    });
  }

  #headers(id: string, body: string): Headers {
    const { secrets = [], nowMs = Date.now } = this.#options;
    const { url } = this.#address;
    const headers = new Headers({
      "content-type": "application/json",
      "user-agent": "Edgewood",
      [ALERT_ID_HEADER]: encodeURI(id),
    });
    if (secrets.length > 0) headers.set(SIGNATURE_HEADER, signBody(body, secrets, nowMs()));
    if (url.username !== "" || url.password !== "") {
      const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      headers.set("authorization", `Basic ${new TextEncoder().encode(user).toBase64()}`);
    }
    return headers;
  }

  /** What the header says, in seconds or as a date; 0 where it says nothing that can be read. */
  #retryAfterMs(header: string | null): number {
    if (header === null) return 0;
    const { nowMs = Date.now } = this.#options;
    const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs();
    return Math.min(Math.max(waitMs || 0, 0), MOST_RETRY_AFTER_MS);
  }

  #failed(why: string, options: ErrorOptions & { retriable: boolean; retryAfterMs?: number }): DeliveryError {
    return new DeliveryError(`Cannot deliver to the webhook at ${this.#address.url.host}: ${why}`, options);
  }
}

/** The URL without user and password, which go into a header. */
function withoutUser(url: URL): URL {
  const plain = new URL(url);
  plain.username = plain.password = "";
  return plain;
}

/** What failed below HTTP; the whole message would have the address in it, which may be a secret. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const text = cause instanceof Error ? cause.message : message;
  return text.replace(/\S*:\/\/\S*/g, "…").slice(0, 200);
}

/** The beginning of an answer's text, for an error message, in printable ASCII; what is beyond is not read. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < MOST_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, MOST_ANSWER_BYTES), { stream: true });
    }
    await reader.cancel();
  } catch {
    // The status is known, and that is what counts.
  }
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, "?");
}
