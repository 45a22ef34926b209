import { Option } from "commander";
import { DEFINITION, definitionFile, REGISTRY_ENVIRONMENT, registryAccess } from "../../../src/config.ts";
import type { RegistryOptions } from "../../../src/registry/registry.ts";
import type { Telemetry } from "../../../src/runtime/telemetry.ts";
import { needing } from "../launch/needs.ts";
import { dirname } from "node:path";

/** The option's value. */
export interface DefinitionFlag {
  definition?: string;
}

const REGISTRY = /\bregistry["']?\s*:\s*["']?(https?:\/\/[^\s"',}]+)/g;

/** What the YAML package reads when it is loaded. */
export const OF_YAML: readonly string[] = ["LOG_TOKENS", "LOG_STREAM"];

/** The option `--definition`: how the records of the stream are read; it may reach the registry that the file names. */
export function definitionOption(): Option {
  const option = new Option(
    "--definition <file>",
    `YAML or JSON that says how the records are read (default: ${DEFINITION}, else as the project's own)`,
  );
  return needing(option, ({ values, read }) => {
    const file = definitionFile(values("--definition").at(-1), read);
    if (file === undefined) return { env: [DEFINITION] };
    const caFile = read(REGISTRY_ENVIRONMENT.caFile);
    return {
      read: [file, dirname(file), ...caFile ? [caFile] : []],
      net: registriesIn(file),
      env: [DEFINITION, ...Object.values(REGISTRY_ENVIRONMENT), ...OF_YAML],
    };
  });
}

/** Opens the definition that flag or environment name; undefined for none. */
export async function openDefinitionOf({ definition }: DefinitionFlag, telemetry?: Telemetry) {
  const file = definitionFile(definition);
  if (file === undefined) return undefined;
  const { openDefinition } = await import("../../../src/stream_definition.ts");
  return await openDefinition(file, { telemetry, ...await registryOptions() });
}

/** How to sign in at a schema registry, by the environment. */
export async function registryOptions(): Promise<RegistryOptions> {
  const { user, password = "", token, caFile } = registryAccess();
  return {
    ...token ? { token } : {},
    ...user ? { basic: { user, password } } : {},
    ...caFile ? { caCerts: [await Deno.readTextFile(caFile)] } : {},
  };
}

/** Hosts of the registries that a definition names; the command says what is wrong with the file. */
function registriesIn(file: string): string[] {
  try {
    const text = Deno.readTextFileSync(file);
    return [...text.matchAll(REGISTRY)].map(([, url]) => {
      const { protocol, hostname, port } = new URL(url);
      return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
    });
  } catch {
    return [];
  }
}
