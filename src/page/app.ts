/// <reference lib="dom" />
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { keepToken, sessionToken } from "./ask.ts";
import { DriftView } from "./views/drift.ts";
import { FlaggedView } from "./views/flagged.ts";
import { formatClock } from "./format.ts";
import { useLive } from "./hooks.ts";
import type { LiveFeed, LiveState } from "./live_feed.ts";
import { ModelView } from "./views/model.ts";
import { Loading, Notice } from "./notice.ts";
import { Overview } from "./views/overview.ts";
import { parseRoute, type Route, routeTo, type View } from "./route.ts";
import { ThemeSwitch } from "./theme.ts";
import { TokenForm } from "./token_form.ts";
import { TransactionView } from "./views/transaction.ts";
import type { Drawn } from "./drawn.ts";

const NAMES: readonly (readonly [view: View, name: string])[] = [
  ["overview", "Overview"],
  ["flagged", "Flagged"],
  ["drift", "Drift"],
  ["model", "Model"],
];

/** The whole page. */
export function App({ feed }: { feed: LiveFeed }): Drawn {
  const live = useLive(feed);
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useFocus(main, route);
  return h("div", { class: "page" }, [
    h(
      "a",
      { class: "skip", href: "#content", onClick: (event: Event) => skipTo(event, main.current!) },
      "Skip to the content",
    ),
    h("header", { class: "top" }, [
      h("a", { class: "brand", href: routeTo("overview") }, [
        h("img", { src: "/assets/icon.svg", alt: "", width: 24, height: 24 }),
        "Edgewood",
      ]),
      h("nav", { "aria-label": "Views" }, [
        h("ul", null, [
          NAMES.map(([view, name]) =>
            h("li", null, [
              h("a", { href: routeTo(view), "aria-current": route.view === view ? "page" : undefined }, name),
            ])
          ),
        ]),
      ]),
      h("div", { class: "top-end" }, [
        h(Connection, { live }),
        sessionToken() !== null &&
        h("button", { type: "button", onClick: () => forget(feed) }, "Forget the token"),
        h(ThemeSwitch, null),
      ]),
    ]),
    h("main", { id: "content", ref: main, tabIndex: -1 }, [
      h(Lost, { live }),
      h(Content, { route, live, feed }),
    ]),
    h("footer", null, [
      live.status &&
      [
        live.status.topic && `Topic ${live.status.topic}. `,
        `Model ${live.status.model.sha256.slice(0, 12)}. `,
      ],
      h("a", { href: "/openapi.json" }, "API"),
      " · ",
      h("a", { href: "/metrics" }, "Metrics"),
    ]),
  ]);
}

function Content({ route, live, feed }: { route: Route; live: LiveState; feed: LiveFeed }): Drawn {
  const { status, connection } = live;
  if (connection === "denied") return h(TokenForm, { problem: live.problem, onToken: () => feed.start() });
  if (route.view === undefined) {
    return h("div", null, [
      h("h1", { tabIndex: -1 }, "No such page"),
      h(Notice, { title: "The address names no view" }, h("a", { href: routeTo("overview") }, "Overview")),
    ]);
  }
  if (live.flagged === undefined && ["flagged", "transactions"].includes(route.view)) {
    return h(NothingKept, null);
  }
  if (route.view === "flagged") return h(FlaggedView, { query: route.query });
  if (route.view === "transactions") {
    return h(TransactionView, { key: route.id, id: route.id, model: status?.model });
  }
  if (status === undefined) {
    return connection === "lost"
      ? h(Notice, { title: "Disconnected" }, [
        h("p", null, `${live.problem} The page keeps trying.`),
      ])
      : h(Loading, { what: "the status" });
  }
  if (route.view === "drift") return h(DriftView, { status });
  if (route.view === "model") return h(ModelView, { key: status.model.sha256, model: status.model });
  return h(Overview, { live });
}

/** Stands where transactions would be, if there is no ledger. */
function NothingKept(): Drawn {
  return h("div", null, [
    h("h1", { tabIndex: -1 }, "Nothing is kept here"),
    h(Notice, { title: "This service has no ledger" }, [
      h("p", null, [
        "It scores for callers and keeps no verdict. Start ",
        h("code", null, "serve"),
        " with ",
        h("code", null, "--ledger"),
        ", or open the page of ",
        h("code", null, "consume"),
        ".",
      ]),
    ]),
  ]);
}

const CONNECTIONS: Readonly<Record<LiveState["connection"], string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Disconnected",
  denied: "No access",
};

function Connection({ live: { connection, problem } }: { live: LiveState }): Drawn {
  return h("span", { class: `connection is-${connection}`, role: "status", title: problem }, [
    CONNECTIONS[connection],
  ]);
}

/** Says that the figures below are old; always in the page, so that a screen reader announces it. */
function Lost({ live: { connection, now, status, problem } }: { live: LiveState }): Drawn {
  const isLost = connection === "lost" && status !== undefined;
  const time = now?.time === undefined ? "" : ` The figures are of ${formatClock(Date.parse(now.time))} UTC.`;
  return h("p", { class: "lost", role: "status" }, [
    isLost && `${problem} The page keeps trying.${time}`,
  ]);
}

function forget(feed: LiveFeed): void {
  keepToken(null);
  feed.start();
}

function skipTo(event: Event, main: HTMLElement): void {
  event.preventDefault();
  main.focus();
}

function useRoute(): Route {
  const [route, set] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const change = () => set(parseRoute(location.hash));
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}

/** After a change of view the focus goes to the heading, as on a new page. */
function useFocus(main: { current: HTMLElement | null }, { view, id }: Route): void {
  const isFirst = useRef(true);
  useEffect(() => {
    const name = NAMES.find(([each]) => each === view)?.[1] ??
      (id === "" ? "No such page" : `Transaction ${id}`);
    document.title = `${name} · Edgewood`;
    if (!isFirst.current) {
      main.current?.querySelector("h1")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [view, id]);
}
