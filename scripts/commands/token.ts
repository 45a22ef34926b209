import { Command, InvalidArgumentError } from "commander";
import { dirname } from "node:path";
import type { Scope } from "../../src/http/routes/route.ts";
import { formatTokens, type KeptToken, makeToken, parseTokens } from "../../src/http/access/tokens.ts";
import { fileToWrite } from "../cli/options/places.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

const SCOPES: readonly Scope[] = ["read", "write", "label"];

interface TokenFlags {
  file: string;
  name: string;
  scopes: Scope[];
  remove?: boolean;
}

/** The command `token`: makes a token for a caller of the HTTP service, or takes it away. */
export const tokenCommand: Command = new Command("token")
  .description(
    "Make a token for a caller of the HTTP service. It is printed once; the file keeps its SHA-256, not the token.",
  )
  .addOption(fileToWrite("--file <file>", "file of tokens; made where it is absent").makeOptionMandatory())
  .requiredOption("--name <name>", "whose token it is")
  .option("--scopes <list>", "what it allows: read, write (have transactions scored), label", scopes, [
    "read",
  ])
  .option("--remove", "take the token away; a running service notices within 5 s")
  .action(token);

async function token(flags: TokenFlags): Promise<void> {
  const known = await readTokens(flags.file);
  const others = known.filter(({ name }) => name !== flags.name);
  if (flags.remove) {
    if (others.length === known.length) {
      throw new UsageError(`Cannot remove the token as the file must have one of that name: it has none`);
    }
    await writeTokens(flags.file, others);
    return console.error(`token ${flags.name} is no longer in ${flags.file}`);
  }
  if (others.length < known.length) {
    throw new UsageError(
      `Cannot make the token as its name must be new: "${flags.name}" is there; --remove it first, or name it otherwise`,
    );
  }
  const made = makeToken(flags);
  await writeTokens(flags.file, [...known, made.kept]);
  console.log(made.token);
  console.error(
    `token ${flags.name} (${flags.scopes.join(", ")}) is in ${flags.file}; this is the only time it is shown`,
  );
}

async function readTokens(file: string): Promise<KeptToken[]> {
  try {
    return parseTokens(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof RangeError) throw error;
    throw unusable(file, error as Error);
  }
}

/** A reader of the file sees the old tokens or the new ones, never a part of them. */
async function writeTokens(file: string, tokens: readonly KeptToken[]): Promise<void> {
  const text = formatTokens(tokens);
  parseTokens(text); // what could not be read again is not written
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    const beside = `${file}.${crypto.randomUUID()}.tmp`;
    await Deno.writeTextFile(beside, text, { mode: 0o600 });
    await Deno.rename(beside, file);
  } catch (error) {
    throw unusable(file, error as Error);
  }
}

function unusable(file: string, cause: Error): Error {
  return new Error(`Cannot use ${file} as it must be a file that can be read and written: ${cause.message}`, {
    cause,
  });
}

function scopes(text: string): Scope[] {
  const names = text.split(",");
  for (const name of names) {
    if (!SCOPES.some((scope) => scope === name)) {
      throw new InvalidArgumentError(`It must be a list of ${SCOPES.join(", ")}: current value is ${text}`);
    }
  }
  return [...new Set(names)] as Scope[];
}

if (import.meta.main) await runAsProgram(tokenCommand);
