/// <reference lib="dom" />
/**
 * What views follow: the live feed, and answers of the server.
 *
 * @module
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { askJson } from "./ask.ts";
import type { LiveFeed, LiveState } from "./live_feed.ts";

/** The feed's state; the component is drawn again after each change. */
export function useLive(feed: LiveFeed): LiveState {
  const [state, set] = useState(feed.state);
  useEffect(() => {
    set(feed.state);
    return feed.listen(() => set(feed.state));
  }, [feed]);
  return state;
}

/** An answer of the server, or what there is in its place. */
export interface Fetched<T> {
  /** The answer; while another path is asked, still the one before. */
  value: T | undefined;
  /** Why the last one did not come. */
  error: Error | undefined;
  isLoading: boolean;
  /** Asks again. */
  reload(): void;
}

/**
 * Asks for JSON as long as the component lives, and again where the path changes; null asks for nothing.
 *
 * @param everyMs Asks again so often, while somebody looks.
 */
export function useFetched<T>(path: string | null, everyMs: number = Infinity): Fetched<T> {
  const [asked, setAsked] = useState(0);
  const [answer, setAnswer] = useState<Omit<Fetched<T>, "reload">>({
    value: undefined,
    error: undefined,
    isLoading: path !== null,
  });
  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
    setAnswer((before) => ({ ...before, error: undefined, isLoading: true }));
    askJson<T>(path, { signal: leaving.signal }).then(
      (value) => setAnswer({ value, error: undefined, isLoading: false }),
      (error) => {
        if (!leaving.signal.aborted) setAnswer(({ value }) => ({ value, error, isLoading: false }));
      },
    );
    return () => leaving.abort();
  }, [path, asked]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  useEffect(() => {
    if (everyMs === Infinity) return;
    const timer = setInterval(() => !document.hidden && reload(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return { ...answer, reload };
}
