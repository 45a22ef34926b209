/// <reference lib="dom" />
import { createParser } from "eventsource-parser";
import { ask, RequestError } from "./ask.ts";

/** One server-sent event. */
export interface ServerEvent {
  event?: string;
  data: string;
  id?: string;
}

/** How a stream of events is followed. */
export interface EventStreamOptions {
  signal: AbortSignal;
  /** The server continues after the event with this id. */
  lastEventId?: string;
  onOpen(): void;
  onEvent(event: ServerEvent): void;
}

/** The server sends something every second; after this silence the connection counts as lost. */
const SILENT_MS = 20_000;

/**
 * Follows server-sent events over `fetch`, which can send a token where `EventSource` cannot, until they end.
 *
 * @param path Such as `/v1/events`.
 * @throws RequestError as `ask`, or if the connection breaks or falls silent; an error if `signal` aborts.
 */
export async function followEvents(path: string, options: EventStreamOptions): Promise<void> {
  const { signal, lastEventId, onOpen, onEvent } = options;
  const silent = new AbortController();
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
  const wait = () => setTimeout(() => silent.abort(), SILENT_MS);
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
  } catch (cause) {
    if (cause instanceof RequestError || signal.aborted) throw cause;
    const what = silent.signal.aborted ? "The server stopped sending." : "The connection broke.";
    throw new RequestError(0, what, { cause });
  } finally {
    clearTimeout(timer);
  }
}
