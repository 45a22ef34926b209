import { type KeptToken, parseTokens } from "./tokens.ts";

/** The tokens of a file, which may change while they are in use. */
export interface TokenFile extends Disposable {
  readonly tokens: readonly KeptToken[];
}

/** Time within which a token that was added or taken away counts. */
const LOOK_MS = 5000;

/**
 * Reads a tokens file, and reads it again when it changes: a token that is taken out of it ends within 5 s.
 *
 * @param onTrouble Told where a changed file cannot be read; the tokens before it hold.
 * @throws RangeError where it is no tokens file; Error where it cannot be read.
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
