/// <reference lib="dom" />
import { useCallback, useEffect, useState } from "preact/hooks";
import { askJson } from "./ask.ts";
import type { LiveFeed, LiveState } from "./live_feed.ts";

/** The feed's state; each change renders the component again. */
export function useLive(feed: LiveFeed): LiveState {
  const [state, set] = useState(feed.state);
  useEffect(() => {
    set(feed.state);
    return feed.listen(() => set(feed.state));
  }, [feed]);
  return state;
}

/** An answer of the server, and the state of the request. */
export interface Fetched<T> {
  /** While another path is loading, still the answer before. */
  value: T | undefined;
  /** Why the last request failed. */
  error: Error | undefined;
  isLoading: boolean;
  reload(): void;
}

/**
 * Fetches JSON while the component lives, again after each change of the path; null fetches nothing.
 *
 * @param everyMs Interval of further requests while the tab is visible.
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
