import { jsonResponse, type Route } from "./route.ts";
import { jsonSchemas } from "./schemas.ts";

/** Status of an answer and what it says. */
const REFUSALS: Readonly<Record<string, string>> = {
  "400": "A parameter or the body is wrong",
  "401": "The request bears no token that is known",
  "403": "The token does not allow it",
  "404": "There is no such thing",
  "429": "Too many requests",
};

/**
 * `GET /openapi.json`: the routes as OpenAPI 3.1 has them, with the schemas that check the requests.
 *
 * @param routes What is described, in order.
 */
export function openApiRoutes(routes: readonly Route[]): Route[] {
  const document = describe(routes);
  return [{
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    handle: () => jsonResponse(document),
  }];
}

function describe(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Edgewood",
      version: "0.1.0",
      description: "Scores card transactions, shows what was flagged, and takes analysts' answers.",
    },
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "Made by `deno task token`; not asked for where the service runs without tokens.",
        },
      },
      schemas: {
        Problem: jsonSchemas.problem,
        Transaction: jsonSchemas.transaction,
        Verdict: jsonSchemas.verdict,
      },
    },
  };
}

function operationOf(
  { method, path, scope, summary, query, bodies, answer }: Route,
): Record<string, unknown> {
  const parts = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const refusals = Object.entries(REFUSALS).map((
    [status, description],
  ) => [status, { description, content: problem }]);
  const content = answer && Object.fromEntries(
    Object.entries(answer).map(([type, schema]) => [type, { schema }]),
  );
  return {
    operationId: `${method}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter) => letter.toUpperCase())}`,
    summary,
    parameters: [...parts, ...parametersOf(query)],
    ...(scope && { security: [{ token: [scope] }] }),
    ...(bodies && {
      requestBody: {
        required: true,
        content: Object.fromEntries(Object.entries(bodies).map(([type, schema]) => [type, { schema }])),
      },
    }),
    responses: {
      "200": { description: "Done", ...(content && { content }) },
      ...(scope ? Object.fromEntries(refusals) : {}),
    },
  };
}

function parametersOf(query: Route["query"]): unknown[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
