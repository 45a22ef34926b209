import { z } from "zod";
import { ANSWERS } from "./answers.ts";
import { TITLES } from "../problem.ts";
import { jsonResponse, type Route } from "./route.ts";
import { transaction } from "./requests.ts";

/** As `deno.json` has it. */
const VERSION = "0.1.0";
/** Problems of every route, with tokens in use, and without. */
const OF_ALL = [429, 503];
const WITH_TOKENS = [401, 403];
const WITHOUT_TOKENS = [403, 421];

/**
 * `GET /openapi.json`: the routes as OpenAPI 3.1 has them, with the schemas that check the requests.
 *
 * @param routes The routes to describe, in order.
 * @param hasTokens Whether callers need tokens.
 */
export function openApiRoutes(routes: readonly Route[], hasTokens: boolean): Route[] {
  const document = describe(routes, hasTokens);
  return [{
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    answer: { "application/json": z.looseObject({}) },
    handle: (_request, _caller, hold) => jsonResponse(document, 200, hold),
  }];
}

function describe(routes: readonly Route[], hasTokens: boolean): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method] = operationOf(route, hasTokens);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Edgewood",
      version: VERSION,
      description: "Scores card transactions, shows what was flagged, and takes analysts' answers.",
    },
    paths,
    components: {
      securitySchemes: {
        ...(hasTokens && {
          token: { type: "http", scheme: "bearer", description: "Made by `deno task token`." },
        }),
      },
      schemas: {
        Problem: jsonSchemaOf(ANSWERS.problem),
        Transaction: jsonSchemaOf(transaction),
        Verdict: jsonSchemaOf(ANSWERS.verdict),
        Fault: jsonSchemaOf(ANSWERS.fault),
      },
    },
  };
}

function operationOf(
  { method, path, scope, summary, query, bodies, answer, statuses = {}, refusals = [] }: Route,
  hasTokens: boolean,
): Record<string, unknown> {
  const parts = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const own = Object.entries({ 200: "Done", ...statuses }).map(([status, description]) => [
    status,
    { description, ...(answer && { content: contentOf(answer) }) },
  ]);
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const of = hasTokens ? scope === undefined ? [] : WITH_TOKENS : WITHOUT_TOKENS;
  const problems = [...OF_ALL, ...of, ...refusals].filter((status) => !(status in statuses)).map((status) => [
    status,
    { description: TITLES[status], content: problem },
  ]);
  return {
    operationId: `${method}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter) => letter.toUpperCase())}`,
    summary,
    parameters: [...parts, ...parametersOf(query)],
    ...(hasTokens && scope && { security: [{ token: [scope] }] }),
    ...(bodies && { requestBody: { required: true, content: contentOf(bodies) } }),
    responses: Object.fromEntries([...own, ...problems]),
  };
}

function contentOf(schemas: NonNullable<Route["answer"]>): Record<string, unknown> {
  const content = Object.entries(schemas).map(([type, schema]) => [type, { schema: jsonSchemaOf(schema) }]);
  return Object.fromEntries(content);
}

function parametersOf(query: Route["query"]): unknown[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = jsonSchemaOf(query) as z.core.JSONSchema.ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

/** JSON Schema for OpenAPI 3.1; for a schema that converts values, of its input. */
function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _version, "~standard": _standard, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  return rest;
}
