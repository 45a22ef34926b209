import type { Telemetry } from "../../runtime/telemetry.ts";
import { type KeptToken, parseTokens } from "./tokens.ts";

/** The tokens of a file, as it stands now. */
export interface TokenFile extends Disposable {
  /** None while the file is gone or damaged: then every caller is refused. */
  readonly tokens: readonly KeptToken[];
}

/** A change of the file takes effect within this time. */
const LOOK_MS = 2500;

/**
 * Reads a tokens file, and reads it again every 2.5 s, so a removed token is refused within 5 s.
 *
 * A file that is gone or damaged refuses everybody until it can be read again; log and `/readyz` say so.
 *
 * @throws RangeError if it is not a tokens file; Error if it cannot be read.
 */
export async function openTokenFile(
  path: string,
  telemetry: Pick<Telemetry, "trouble" | "recovered" | "notReady">,
  lookMs: number = LOOK_MS,
): Promise<TokenFile> {
  let tokens = parseTokens(
    await Deno.readTextFile(path).catch((cause) => {
      throw new Error(
        `Cannot read the tokens as ${path} must be a file that \`deno task token\` makes: current value is ${
          reasonOf(cause)
        }`,
        { cause },
      );
    }),
  );
  const look = async () => {
    try {
      tokens = parseTokens(await Deno.readTextFile(path));
      telemetry.notReady.delete(`tokens ${path}`);
      telemetry.recovered(`tokens ${path}`);
    } catch (error) {
      tokens = [];
      const message = `no token is valid, since the file of tokens cannot be read: ${reasonOf(error)}`;
      telemetry.notReady.set(`tokens ${path}`, message);
      telemetry.trouble(
        `tokens ${path}`,
        `${message}; put it back or make one with \`deno task token\``,
        true,
      );
    }
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => looking = looking.then(look), lookMs);
  return {
    get tokens() {
      return tokens;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Deno.errors.NotFound ? "no such file" : (error as Error).message;
}
