import { Buffer } from "node:buffer";

const TICKET_BYTES = 4;
/** Longer than a request is waited for. */
const KEPT_MS = 60_000;

/** Answers that go round kafkajs: it carries a ticket for each of them from the socket to whoever asked. */
export class LargeAnswers {
  readonly #kept = new Map<number, { answer: Buffer; forgetting: ReturnType<typeof setTimeout> }>();
  #last = 0;

  /** Keeps an answer, for a minute where nobody asks for it; returns its ticket. */
  keep(answer: Buffer): Buffer {
    const number = this.#last = this.#last + 1 >>> 0;
    const forgetting = setTimeout(() => this.#kept.delete(number), KEPT_MS);
    Deno.unrefTimer(forgetting);
    this.#kept.set(number, { answer, forgetting });
    const ticket = Buffer.alloc(TICKET_BYTES);
    ticket.writeUInt32BE(number);
    return ticket;
  }

  /**
   * Gives the answer of a ticket, once.
   *
   * @throws Error where it is not there any more.
   */
  take(ticket: Buffer): Buffer {
    const number = ticket.readUInt32BE();
    const kept = this.#kept.get(number);
    if (kept === undefined) {
      throw new Error(
        `Cannot read an answer as its ticket must be taken within ${KEPT_MS} ms, and once: it was not`,
      );
    }
    clearTimeout(kept.forgetting);
    this.#kept.delete(number);
    return kept.answer;
  }
}
