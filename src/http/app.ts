/**
 * The HTTP service: its routes, and what holds for all of them.
 *
 * @module
 */
import { Hono } from "hono";
import { flaggedRoutes } from "./flagged_routes.ts";
import { type Access, guard, SECURITY_HEADERS } from "./guard.ts";
import { healthRoutes } from "./health_routes.ts";
import { liveRoutes } from "./live_routes.ts";
import { modelRoutes } from "./model_routes.ts";
import type { HttpParts } from "./parts.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { Route } from "./route.ts";
import { scoreRoutes } from "./score_routes.ts";
import { transactionRoutes } from "./transaction_routes.ts";

/** What answers a request. */
export interface HttpApp {
  /** Answers; never rejects. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
}

/**
 * Puts the routes together.
 *
 * @param page The page's files.
 * @param onError Told of what nobody foresaw; the caller is told nothing of it.
 */
export function createApp(
  parts: HttpParts,
  access: Access,
  page: readonly Route[],
  onError: (error: Error) => void,
): HttpApp {
  const app = new Hono();
  app.use(async (context, next) => {
    guard(context.req.raw, access);
    await next();
  });
  const routes = [
    ...page,
    ...healthRoutes(parts),
    ...scoreRoutes(parts),
    ...liveRoutes(parts),
    ...flaggedRoutes(parts),
    ...transactionRoutes(parts),
    ...modelRoutes(parts),
  ];
  for (const { method, path, handle } of routes) app.on(method.toUpperCase(), path, ({ req }) => handle(req));
  app.notFound(() => problemResponse(new Problem(404, "There is nothing under this path.")));
  app.onError((error) => {
    if (error instanceof Problem) return problemResponse(error);
    onError(error);
    return problemResponse(new Problem(500, "Something failed that is not your fault; the log says more."));
  });
  return {
    async fetch(request) {
      const response = await app.fetch(request);
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
      return response;
    },
  };
}
