import eventSourceParser from "eventsource-parser" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import preact from "preact" with { type: "text" };
import uplot from "uplot/dist/uPlot.esm.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { sha256Hex } from "../../runtime/sha256.ts";
import controlsStyle from "../../page/style/controls.css" with { type: "text" };
import driftModelStyle from "../../page/style/drift_model.css" with { type: "text" };
import icon from "../../page/icon.svg" with { type: "text" };
import index from "../../page/index.html" with { type: "text" };
import overviewStyle from "../../page/style/overview.css" with { type: "text" };
import pageStyle from "../../page/style/page.css" with { type: "text" };
import transactionStyle from "../../page/style/transaction.css" with { type: "text" };
import { type PagePackage, readPageModules } from "./modules.ts";
import { fileResponse, type Route, type ServedFile } from "../routes/route.ts";

const ROOT = new URL("../../../", import.meta.url);
const ENTRY = "src/page/main.ts";
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";
const STYLES = [
  ["page", pageStyle],
  ["controls", controlsStyle],
  ["overview", overviewStyle],
  ["transaction", transactionStyle],
  ["drift_model", driftModelStyle],
] as const;
const PACKAGES: ReadonlyMap<string, PagePackage> = new Map([
  ["eventsource-parser", { path: "npm/eventsource_parser.js", code: eventSourceParser }],
  ["preact", { path: "npm/preact.js", code: preact }],
  ["preact/hooks", { path: "npm/preact_hooks.js", code: hooks }],
  ["uplot", { path: "npm/uplot.js", code: uplot }],
]);

/** A route for each file of the page; no path of a request reaches the file system. */
export async function openPageRoutes(): Promise<Route[]> {
  return [...await openPageFiles()].map(([path, file]) => ({
    method: "get",
    path,
    summary: "A file of the page",
    handle: (request) => fileResponse(request, file),
  }));
}

/**
 * Reads the files of the page into memory: HTML, styles, its modules with all that they import, and the WebAssembly module.
 *
 * @returns Files by URL path.
 * @throws Error where build/edgewood.wasm is absent.
 */
export async function openPageFiles(): Promise<ReadonlyMap<string, ServedFile>> {
  const files = new Map<string, ServedFile>();
  const add = async (path: string, type: string, content: string | Uint8Array<ArrayBuffer>) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    files.set(path, { bytes, type, etag: `"${(await sha256Hex(bytes)).slice(0, 32)}"` });
  };
  await add("/", "text/html; charset=utf-8", index);
  await add("/assets/icon.svg", "image/svg+xml", icon);
  for (const [name, style] of STYLES) await add(`/assets/${name}.css`, STYLE, style);
  await add("/assets/npm/uplot.css", STYLE, uplotStyle);
  await add("/assets/edgewood.wasm", "application/wasm", await readModule());
  for (const [path, code] of await readPageModules(ROOT, ENTRY, PACKAGES)) {
    await add(`/assets/${path}`, SCRIPT, code);
  }
  return files;
}

async function readModule(): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(new URL("build/edgewood.wasm", ROOT));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      "Cannot serve the page as build/edgewood.wasm must exist (run `deno task build`): current value is absent",
      { cause },
    );
  }
}
