import { Command } from "commander";
import { makeToken } from "../../src/http/access/tokens.ts";
import { runAsProgram } from "../cli/run_command.ts";

const PASSWORDS = [
  "KAFKA_PASSWORD",
  "POSTGRES_PASSWORD",
  "POSTGRES_ROOT_PASSWORD",
  "MINIO_PASSWORD",
  "MINIO_ROOT_PASSWORD",
  "GRAFANA_PASSWORD",
];
const FILE = ".env";

/** The command `env`: writes `.env` with passwords and tokens of its own for docker-compose.yml. */
export const envCommand: Command = new Command("env")
  .description(
    "Write .env with new passwords and tokens for docker-compose.yml; what an existing .env has stays as it is.",
  )
  .action(writeEnv);

/**
 * The lines that an `.env` lacks: passwords, a token for people and one for Prometheus, and what the service keeps of them.
 *
 * @param known Text of the `.env` that is there; empty for none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { missingLines } from "./env.ts";
 *
 * const lines = missingLines("MINIO_PASSWORD=mine\n");
 * assertEquals(lines.map((line) => line.split("=")[0]), [
 *   "KAFKA_PASSWORD",
 *   "POSTGRES_PASSWORD",
 *   "POSTGRES_ROOT_PASSWORD",
 *   "MINIO_ROOT_PASSWORD",
 *   "GRAFANA_PASSWORD",
 *   "EDGEWOOD_TOKEN",
 *   "METRICS_TOKEN",
 *   "EDGEWOOD_TOKENS",
 * ]);
 * assertEquals(missingLines(lines.join("\n") + "\nMINIO_PASSWORD=mine"), []);
 * ```
 */
export function missingLines(known: string): string[] {
  const names = new Set([...known.matchAll(/^\s*(?:export\s+)?(\w+)=/gm)].map(([, name]) => name));
  const lines = PASSWORDS.filter((name) => !names.has(name))
    .map((name) => `${name}=${crypto.getRandomValues(new Uint8Array(18)).toHex()}`);
  // The hashes are of these tokens: all of them are made anew, or none.
  if (names.has("EDGEWOOD_TOKENS")) return lines;
  const person = makeToken({ name: "person", scopes: ["read", "write", "label"] });
  const prometheus = makeToken({ name: "prometheus", scopes: ["read"] });
  return [
    ...lines,
    `EDGEWOOD_TOKEN=${person.token}`,
    `METRICS_TOKEN=${prometheus.token}`,
    `EDGEWOOD_TOKENS='${JSON.stringify({ tokens: [person.kept, prometheus.kept] })}'`,
  ];
}

async function writeEnv(): Promise<void> {
  const known = await readKnown();
  const lines = missingLines(known);
  if (lines.length === 0) {
    console.error("note: .env has all that is needed and stays as it is");
    return;
  }
  const gap = known === "" || known.endsWith("\n") ? "" : "\n";
  await Deno.writeTextFile(FILE, gap + lines.map((line) => `${line}\n`).join(""), {
    append: true,
    mode: 0o600,
  });
  console.log(`written    .env with ${lines.map((line) => line.split("=")[0]).join(", ")}`);
}

async function readKnown(): Promise<string> {
  try {
    return await Deno.readTextFile(FILE);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

if (import.meta.main) await runAsProgram(envCommand);
