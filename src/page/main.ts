/// <reference lib="dom" />
import { h, render } from "preact";
import { App } from "./app.ts";
import { LiveFeed } from "./live_feed.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
const feed = new LiveFeed();
feed.start();
// A page in the back/forward cache must not keep its connection: a browser has six of them for a server.
addEventListener("pagehide", () => feed.stop());
addEventListener("pageshow", ({ persisted }) => persisted && feed.start());
render(h(App, { feed }), document.getElementById("page")!);
