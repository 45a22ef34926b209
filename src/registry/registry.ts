import { z } from "zod";
import type { RegisteredSchema, SchemaSource } from "../decode/formats/registered.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { retry } from "../runtime/retry.ts";
import type { Telemetry } from "../runtime/telemetry.ts";

/** How a schema registry is asked. */
export interface RegistryOptions {
  /** User and password for HTTP basic authentication. */
  basic?: { user: string; password: string };
  /** Bearer token. */
  token?: string;
  /** Certificates of authorities to trust besides, PEM. */
  caCerts?: readonly string[];
  telemetry?: Telemetry;
}

const TIMEOUT_MS = 5_000;
/** A longer answer is no schema. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_DEPTH = 16;

const answer = z.object({
  schema: z.string(),
  schemaType: z.enum(["AVRO", "PROTOBUF", "JSON"]).default("AVRO"),
  references: z.array(z.object({ name: z.string(), subject: z.string(), version: z.number() })).default([]),
});

/**
 * Opens a schema registry with Confluent's API, as Apicurio, Karapace and Redpanda have it too; asks it once whether it is there.
 *
 * Schemas never change under their id, so each is asked for once. While the registry fails, a lookup waits and tries
 * again, and says so.
 *
 * @throws Error that names the registry where it cannot be reached, or refuses the credentials.
 */
export async function openRegistry(
  url: string,
  options: RegistryOptions = {},
): Promise<SchemaSource & Disposable> {
  const base = url.replace(/\/+$/, "");
  const client = Deno.createHttpClient({ caCerts: [...options.caCerts ?? []] });
  const headers = new Headers({ accept: "application/vnd.schemaregistry.v1+json, application/json" });
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  if (options.basic !== undefined) {
    const { user, password } = options.basic;
    const bytes = new TextEncoder().encode(`${user}:${password}`);
    headers.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
  }
  const ask = (path: string) => askOnce(base, path, { client, headers });
  try {
    await ask("/schemas/types");
  } catch (error) {
    client.close();
    throw error;
  }
  const { telemetry } = options;
  const askUntilAnswered = (path: string) =>
    retry(() => ask(path), {
      baseDelayMs: 500,
      onRetry: (error, attempt) => {
        if (attempt === 1) {
          telemetry?.log("warn", `waiting for the schema registry: ${error.message}`);
        }
      },
      onRecovered: () => telemetry?.log("warn", `the schema registry ${base} answers again`),
    });
  const load = async (path: string, depth: number): Promise<RegisteredSchema | null> => {
    const found = await askUntilAnswered(path);
    if (found === null) return null;
    if (depth > MOST_DEPTH) {
      throw new Error(`Cannot load a schema of ${base} as references must not go round: ${path}`);
    }
    const { schema, schemaType, references } = answer.parse(found);
    const loaded = [];
    for (const { name, subject, version } of references) {
      const each = await load(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, depth + 1);
      if (each === null) return null;
      loaded.push({ name, schema: each });
    }
    return { type: schemaType, schema, references: loaded };
  };
  return {
    schema: (id) => load(`/schemas/ids/${id}`, 0),
    [Symbol.dispose]: () => client.close(),
  };
}

async function askOnce(
  base: string,
  path: string,
  { client, headers }: { client: Deno.HttpClient; headers: Headers },
): Promise<unknown> {
  let response: Response;
  try {
    // A redirect would send the credentials to whoever it names.
    response = await fetch(base + path, {
      client,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw new DeliveryError(`Cannot reach the schema registry ${base}: ${(cause as Error).message}`, {
      cause,
      retriable: true,
    });
  }
  const { status } = response;
  if (status === 404) {
    await response.body?.cancel();
    return path.startsWith("/schemas/types") ? [] : null;
  }
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    throw new DeliveryError(
      `Cannot ask the schema registry ${base} as it must answer itself: it redirects to ${
        response.headers.get("location")
      }`,
      { retriable: false },
    );
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, 200);
    const hint = status === 401 || status === 403
      ? "; set SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN"
      : "";
    throw new DeliveryError(`Cannot ask the schema registry ${base}: it answered ${status} ${text}${hint}`, {
      retriable: status >= 500 || status === 429,
    });
  }
  return JSON.parse(await boundedText(response, base));
}

async function boundedText(response: Response, base: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_BYTES) {
      throw new DeliveryError(
        `Cannot read an answer of ${base} as it must have at most ${MOST_BYTES} bytes`,
        {
          retriable: false,
        },
      );
    }
  }
  return text + decoder.decode();
}
