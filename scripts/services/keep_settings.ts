import { choosePorts } from "./choose_ports.ts";
import type { ServiceDefinition, ServiceSettings } from "./definition.ts";
import { readJson } from "./state_files.ts";

export interface KeepSettingsOptions {
  /** First port of the block: taken or refused. */
  firstPort?: number;
  report(line: string): void;
  /** Whether others know these ports: then no others are chosen. */
  areKnown?: boolean;
  /** Milliseconds to wait for the ports of the last start (default 5000). */
  deadlineMs?: number;
}

const ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const PASSWORD_LENGTH = 24;
const POLL_MS = 200;

function randomPassword(): string {
  const fair = 256 - 256 % ALPHABET.length; // bytes from here on would make some letters likelier
  let text = "";
  while (text.length < PASSWORD_LENGTH) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < fair) text += ALPHABET[byte % ALPHABET.length];
  }
  return text;
}

/**
 * Returns user, password and ports for the next start of a server, and keeps them in `runDir/settings.json`.
 *
 * The ones of the last start are used again, so that clients find the server where it was. Only when somebody else holds
 * one of its ports for `deadlineMs` (a killed process frees its own a moment later) is another block chosen, and said.
 * Throws an Error when the asked block is in use, or one that others know.
 */
export async function keepSettings(
  runDir: string,
  { portRoles, firstPort }: Pick<ServiceDefinition, "portRoles" | "firstPort">,
  options: KeepSettingsOptions,
): Promise<ServiceSettings> {
  const file = `${runDir}/settings.json`;
  const kept = await readJson<ServiceSettings>(file);
  const fixed = options.firstPort ?? kept?.ports[portRoles[0]];
  let ports: Record<string, number> | undefined;
  const own = fixed === kept?.ports[portRoles[0]]; // only then can they be about to be freed
  const patience = performance.now() + (own ? options.deadlineMs ?? 5000 : 0);
  while (fixed !== undefined && ports === undefined) {
    try {
      ports = choosePorts(portRoles, firstPort, { fixedFirstPort: fixed });
    } catch (error) {
      if (error instanceof RangeError) throw error;
      if (performance.now() > patience) {
        if (options.firstPort !== undefined || options.areKnown) throw error;
        options.report(`${(error as Error).message}; choosing others`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  const settings: ServiceSettings = {
    ports: ports ?? choosePorts(portRoles, firstPort),
    user: kept?.user ?? "edgewood",
    password: kept?.password ?? randomPassword(),
  };
  // The servers of a cluster read each other's.
  await Deno.writeTextFile(`${file}.new`, JSON.stringify(settings), { mode: 0o600 });
  await Deno.rename(`${file}.new`, file);
  return settings;
}
