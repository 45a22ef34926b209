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
render(h(App, { feed }), document.getElementById("page")!);
