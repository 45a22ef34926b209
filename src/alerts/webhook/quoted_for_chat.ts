/** The characters by which a chat calls somebody, makes a link or an image, or ends the quoting; an e-mail's `@` is none. */
const STEERING = /[`<>]|(?<!\w)@|@(?![\w-]+\.)|:(?=\/\/)|\](?=\()|!(?=\[)|&(?=#?\w+;)/g;
/** From an ASCII character to its wide form, such as from `@` to `＠`. */
const TO_WIDE = 0xfee0;

/**
 * Quotes foreign text, so that no chat reads more than characters in it: Slack, Mattermost, Rocket.Chat, Discord, Teams.
 *
 * It becomes inline code, in which these neither format nor link. Some look for names inside code too, and a relay may
 * drop the quotes: steering characters stand in their wide form, which people read alike and Unicode's NFKC turns back.
 *
 * @param text One line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { quotedForChat } from "./quoted_for_chat.ts";
 *
 * assertEquals(quotedForChat("card-7"), "`card-7`");
 * assertEquals(quotedForChat("@all see http://a.example"), "`＠all see http：//a.example`");
 * ```
 */
export function quotedForChat(text: string): string {
  const inert = text.replace(STEERING, (mark) => String.fromCharCode(mark.charCodeAt(0) + TO_WIDE));
  return `\`${inert}\``;
}
