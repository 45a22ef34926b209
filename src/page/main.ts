/// <reference lib="dom" />
/**
 * The page's first module: theme, live feed, and the page itself.
 *
 * @module
 */
import { h, render } from "preact";
import { App } from "./app.ts";
import { LiveFeed } from "./live_feed.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
const feed = new LiveFeed();
feed.start();
// A page that is kept for the way back must not hold its connection open; a browser has six of them for a server.
addEventListener("pagehide", () => feed.stop());
addEventListener("pageshow", ({ persisted }) => persisted && feed.start());
render(h(App, { feed }), document.getElementById("page")!);
