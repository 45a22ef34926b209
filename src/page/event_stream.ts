/// <reference lib="dom" />
import { createParser } from "eventsource-parser";
import { ask } from "./ask.ts";

/** One server-sent event. */
export interface ServerEvent {
  /** Its kind; absent for an unnamed one. */
  event?: string;
  data: string;
  /** Where to go on from after it. */
  id?: string;
}

/** What following a stream of events takes. */
export interface EventStreamOptions {
  signal: AbortSignal;
  /** The id of the last event that was seen: the server goes on after it. */
  lastEventId?: string;
  /** Told once the server has answered. */
  onOpen(): void;
  /** Told of each event. */
  onEvent(event: ServerEvent): void;
}

/** Without a byte for so long the connection counts as lost: the server says something every second. */
const SILENT_MS = 20_000;

/**
 * Follows server-sent events over `fetch`, which can send a token where `EventSource` cannot, until they end.
 *
 * @param path Such as `/v1/events`.
 * @throws RequestError as `ask`; an error where the connection breaks, falls silent or `signal` aborts.
 */
export async function followEvents(path: string, options: EventStreamOptions): Promise<void> {
  const { signal, lastEventId, onOpen, onEvent } = options;
  const silent = new AbortController();
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
  const wait = () => setTimeout(() => silent.abort(new Error("The server fell silent.")), SILENT_MS);
  let timer = wait();
  try {
    const response = await ask(path, { headers, signal: AbortSignal.any([signal, silent.signal]) });
    onOpen();
    const parser = createParser({ onEvent });
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(timer);
      timer = wait();
      parser.feed(decoder.decode(read.value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
  }
}
