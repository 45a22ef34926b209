import type { AlertMessage } from "../message.ts";

/**
 * Makes the body that Slack's incoming webhooks take, and those of its kin: text with a link.
 *
 * @param message Its text was made with `quotedForChat`. The link's own text has an id only if it is a plain word.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { alertOf } from "../testing/contract.ts";
 * import { alertMessage } from "../message.ts";
 * import { slackBody } from "./slack.ts";
 *
 * const { text } = slackBody(alertMessage(alertOf(7), "https://fraud.example"));
 * assertEquals(text.split("\n")[1], "<https://fraud.example/#/transactions/t7|Look at t7>");
 * ```
 */
export function slackBody({ text, url, verdict: { transaction_id: id } }: AlertMessage): { text: string } {
  if (url === undefined) return { text };
  return { text: `${text}\n<${url}|Look at ${/^[\w-]+$/.test(id) ? id : "the transaction"}>` };
}
