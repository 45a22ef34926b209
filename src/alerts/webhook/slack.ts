import type { AlertMessage } from "../message.ts";

/**
 * Makes the body that Slack's incoming webhooks take, and those of Mattermost and Rocket.Chat: text with a link.
 *
 * Ids are foreign text: `&`, `<` and `>`, by which Slack marks links and mentions of channels, are escaped.
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
export function slackBody({ text, url, verdict }: AlertMessage): { text: string } {
  const link = url === undefined ? "" : `\n<${escaped(url)}|Look at ${escaped(verdict.transaction_id)}>`;
  return { text: escaped(text) + link };
}

function escaped(text: string): string {
  const marks: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  // A line break or a bar would end the link's text.
  return text.replace(/[&<>]/g, (mark) => marks[mark]).replace(/[\n\r|]/g, " ");
}
