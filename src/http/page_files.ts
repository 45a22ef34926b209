import { sha256Hex } from "../sha256.ts";
import { fileResponse, type Route, type ServedFile } from "./route.ts";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  wasm: "application/wasm",
};
const PAGE = new URL("./page/", import.meta.url);
const MODULE = new URL("../../build/edgewood.wasm", import.meta.url);

/**
 * Reads the page's files: `page/index.html` is `/`, every other file of `page/` is in `/assets/`, and so is
 * `edgewood.wasm`.
 *
 * Only these are served, by their exact names: no path of a request reaches the file system.
 *
 * @returns A route for each file.
 */
export async function openPageFiles(): Promise<Route[]> {
  const routes: Route[] = [];
  const add = (path: string, file: ServedFile) =>
    routes.push({
      method: "get",
      path,
      summary: "A file of the page",
      handle: (request) => fileResponse(request, file),
    });
  for await (const path of filesBelow("")) {
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)];
    if (type === undefined) continue;
    add(path === "index.html" ? "/" : `/assets/${path}`, await readFile(new URL(path, PAGE), type));
  }
  add("/assets/edgewood.wasm", await readFile(MODULE, TYPES.wasm));
  return routes;
}

async function readFile(place: URL, type: string): Promise<ServedFile> {
  const bytes = await Deno.readFile(place);
  return { bytes, type, etag: `"${(await sha256Hex(bytes)).slice(0, 32)}"` };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, PAGE))) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else yield folder + name;
  }
}
