import { Command, InvalidArgumentError } from "commander";
import { dirname } from "node:path";
import type { Scope } from "../../src/http/routes/route.ts";
import { MAX_TIMESTAMP_MS, parseTimestamp } from "../../src/domain/time.ts";
import {
  formatTokens,
  isExpired,
  type KeptToken,
  makeToken,
  parseTokens,
} from "../../src/http/access/tokens.ts";
import { duration } from "../cli/options/duration.ts";
import { fileToWrite } from "../cli/options/places.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

const SCOPES: readonly Scope[] = ["read", "write", "label"];

interface TokenFlags {
  file: string;
  name?: string;
  scopes: Scope[];
  expires?: string;
  list?: boolean;
  remove?: boolean;
}

/** The command `token`: makes a token for a caller of the HTTP service, or takes it away. */
export const tokenCommand: Command = new Command("token")
  .description(
    "Make a token for a caller of the HTTP service. It is printed once; the file keeps its SHA-256, not the token.",
  )
  .addOption(fileToWrite("--file <file>", "file of tokens; made where it is absent").makeOptionMandatory())
  .option("--name <name>", "whose token it is: the author of what is answered with it")
  .option("--scopes <list>", "what it allows: read, write (have transactions scored), label", scopes, [
    "read",
  ])
  .option(
    "--expires <when>",
    "until when it is valid: a duration such as 90d, or a time (default: for good)",
    expiry,
  )
  .option("--list", "list the tokens of the file: name, scopes, when made, until when valid")
  .option("--remove", "take the token away; a running service notices within 5 s")
  .action(token);

async function token(flags: TokenFlags): Promise<void> {
  const known = await readTokens(flags.file);
  if (flags.list) {
    if (!await isFile(flags.file)) throw new Error(`${flags.file}: no such file`);
    return console.log(listed(known));
  }
  const { name, scopes, expires } = flags;
  if (name === undefined) {
    throw new UsageError("Cannot make or remove a token as --name must say whose it is: it is not given");
  }
  const others = known.filter((each) => each.name !== name);
  if (flags.remove) {
    if (others.length === known.length) {
      throw new UsageError(`Cannot remove the token as the file must have one of that name: it has none`);
    }
    await writeTokens(flags.file, others);
    return console.error(`token ${name} is no longer in ${flags.file}`);
  }
  if (others.length < known.length) {
    throw new UsageError(
      `Cannot make the token as its name must be new: "${name}" is there; --remove it first, or name it otherwise`,
    );
  }
  const made = makeToken({ name, scopes, expires_at: expires });
  await writeTokens(flags.file, [...known, made.kept]);
  console.log(made.token);
  console.error(
    `token ${name} (${scopes.join(", ")}) is in ${flags.file}, valid ${
      expires === undefined ? "for good" : `until ${expires}`
    }; this is the only time it is shown`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** One line a token; never the token, which nobody knows. */
function listed(tokens: readonly KeptToken[]): string {
  if (tokens.length === 0) return "no tokens";
  return tokens.map((token) => {
    const { name, scopes, created_at, expires_at } = token;
    const until = expires_at === undefined ? "for good" : `until ${expires_at}`;
    const past = isExpired(token) ? " (past: refused)" : "";
    return `${name}  ${scopes.join(",")}  made ${created_at}  valid ${until}${past}`;
  }).join("\n");
}

/** A time to come, as RFC 3339. */
function expiry(text: string): string {
  const ms = /^\d{4}-/.test(text) ? parseTimestamp(text) : Date.now() + duration(text);
  if (!(ms > Date.now() && ms <= MAX_TIMESTAMP_MS)) {
    throw new InvalidArgumentError(
      `It must be a duration such as 90d, or a time to come such as 2027-01-31T00:00:00Z: current value is ${text}`,
    );
  }
  return new Date(ms).toISOString();
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
