import { jsonResponse, type Route } from "./route.ts";

/** `GET /openapi.json`: what the routes are, as OpenAPI 3.1 has it. */
export function openApiRoutes(routes: readonly Route[]): Route[] {
  const document = {
    openapi: "3.1.0",
    info: { title: "Edgewood", version: "0.1.0" },
    paths: routes.map((r) => r.path),
  };
  return [{
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    handle: () => jsonResponse(document),
  }];
}
