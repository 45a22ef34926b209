import { fileResponse, type Route, type ServedFile } from "./route.ts";

/**
 * A route for each file of the page; no path of a request reaches the file system.
 *
 * @param files By URL path.
 */
export function pageRoutes(files: ReadonlyMap<string, ServedFile>): Route[] {
  return [...files].map(([path, file]) => ({
    method: "get",
    path,
    summary: "A file of the page",
    handle: (request) => fileResponse(request, file),
  }));
}
