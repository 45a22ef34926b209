import { type KeptToken, parseTokens } from "./tokens.ts";

/** The tokens of a file, as it stands now. */
export interface TokenFile extends Disposable {
  readonly tokens: readonly KeptToken[];
}

/** A change of the file takes effect within this time. */
const LOOK_MS = 5000;

/**
 * Reads a tokens file, and reads it again when it changes, so a removed token is refused within 5 s.
 *
 * @param onTrouble Called if a changed file cannot be read; the earlier tokens stay valid.
 * @throws RangeError if it is not a tokens file; Error if it cannot be read.
 */
export async function openTokenFile(path: string, onTrouble: (message: string) => void): Promise<TokenFile> {
  let text = await Deno.readTextFile(path).catch((cause) => {
    const reason = cause instanceof Deno.errors.NotFound ? "no such file" : cause.message;
    throw new Error(
      `Cannot read the tokens as ${path} must be a file that \`deno task token\` makes: current value is ${reason}`,
      { cause },
    );
  });
  let tokens = parseTokens(text);
  const look = async () => {
    const now = await Deno.readTextFile(path);
    if (now === text) return;
    text = now;
    tokens = parseTokens(now);
  };
  const timer = setInterval(() => look().catch((error) => onTrouble(error.message)), LOOK_MS);
  return {
    get tokens() {
      return tokens;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
