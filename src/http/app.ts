import { Hono } from "hono";
import { flaggedRoutes } from "./routes/flagged_routes.ts";
import { type Access, Guard, SECURITY_HEADERS } from "./access/guard.ts";
import { healthRoutes } from "./routes/health_routes.ts";
import { labelRoutes } from "./routes/label_routes.ts";
import { liveRoutes } from "./routes/live_routes.ts";
import { metricsRoutes } from "./routes/metrics_routes.ts";
import { modelRoutes } from "./routes/model_routes.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import type { Hold } from "./connections.ts";
import type { HttpParts } from "./parts.ts";
import { Problem, problemResponse } from "./problem.ts";
import { RequestCounts } from "./access/request_counts.ts";
import { RequestLog } from "./access/request_log.ts";
import type { Route } from "./routes/route.ts";
import { scoreRoutes } from "./routes/score_routes.ts";
import { transactionRoutes } from "./routes/transaction_routes.ts";

/** What answers requests. */
export interface HttpApp {
  /**
   * Answers a request from an address; never rejects.
   *
   * @param hold Counts its memory (default: not at all).
   */
  fetch(request: Request, address: string, hold?: Hold): Promise<Response>;
  readonly inHand: number;
}

/** What the server knows about a request besides its text. */
interface Bindings {
  address: string;
  hold: Hold;
  /** Path of the route that answers. */
  route: string;
  /** Names the request in log and answer. */
  id: string;
  /** Whether the route needs a token; the page's files do not. */
  scoped: boolean;
  /** The token's name, once it is checked. */
  caller?: string;
}

/**
 * Puts the routes together. Unexpected errors go to the log; the caller learns nothing of them but a status of 500.
 *
 * @param page Routes of the page's files.
 */
export function createApp(
  parts: HttpParts,
  access: Access,
  page: readonly Route[] = [],
): HttpApp {
  const log = new RequestLog(parts.telemetry, access.tokens !== undefined && access.log !== false);
  const guard = new Guard(access, log);
  const counts = new RequestCounts();
  const described = [
    ...healthRoutes(parts),
    ...metricsRoutes(parts, counts),
    ...scoreRoutes(parts),
    ...liveRoutes(parts),
    ...flaggedRoutes(parts),
    ...transactionRoutes(parts),
    ...labelRoutes(parts),
    ...modelRoutes(parts),
  ];
  const app = routed(
    [...page, ...described, ...openApiRoutes(described, access.tokens !== undefined)],
    guard,
  );
  app.onError((error, { env }) => {
    if (error instanceof Problem) {
      if (error.cause !== undefined) parts.telemetry.log("debug", `http: request ${env.id}: ${error.cause}`);
      return problemResponse(error);
    }
    parts.telemetry.log("error", `http: request ${env.id}: ${error.stack ?? error.message}`);
    return problemResponse(
      new Problem(500, `Something failed on the server; its log says more of the request ${env.id}.`),
    );
  });
  return {
    get inHand() {
      return guard.inHand;
    },
    async fetch(request, address, hold = () => {}) {
      const startedAt = performance.now();
      const id = crypto.randomUUID().slice(0, 13);
      const bindings: Bindings = { id, address, hold, route: "none", scoped: false };
      let response: Response;
      try {
        using _entered = guard.enter(request, address);
        response = await app.fetch(request, bindings);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        response = problemResponse(error);
      }
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
      response.headers.set("x-request-id", id);
      const { status } = response;
      const ms = performance.now() - startedAt;
      counts.add(bindings.route, status, ms);
      const { route, caller, scoped } = bindings;
      if (scoped || status >= 400) log.answered({ id, caller, method: request.method, route, status, ms });
      return response;
    },
  };
}

/** The routes, each behind the guard; 404 for other paths, 405 for other methods. */
function routed(routes: readonly Route[], guard: Guard): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  for (const { method, path, scope, handle } of routes) {
    app.on(method.toUpperCase(), path, async ({ req, env }) => {
      env.route = path;
      env.scoped = scope !== undefined;
      const caller = guard.check(req.raw, env.address, path, scope);
      env.caller = caller.name;
      const response = await handle(req, caller, env.hold);
      // Nobody will read the body.
      if (req.raw.method === "HEAD") await response.body?.cancel();
      return response;
    });
  }
  for (const [path, methods] of Map.groupBy(routes, ({ path }) => path)) {
    const allow = methods.map(({ method }) => method.toUpperCase()).join(", ");
    app.all(path, ({ req, env }) => {
      env.route = path;
      guard.check(req.raw, env.address, path, undefined);
      throw new Problem(405, `The method must be ${allow}.`, { allow });
    });
  }
  app.notFound(({ req, env }) => {
    guard.check(req.raw, env.address, "none", undefined);
    return problemResponse(new Problem(404, "There is nothing under this path."));
  });
  return app;
}
