/**
 * Real processes for tests: started under named permissions, watched, killed by real signals, always ended.
 *
 * @module
 */
import { until } from "./until.ts";

const ROOT = new URL("../../", import.meta.url);

export interface ProcessOptions {
  /** Flags of `deno run` (default: none). */
  permissions?: readonly string[];
  /** Environment besides our own. */
  env?: Record<string, string>;
  /** Called with what it writes to standard error, as it comes. */
  onStderr?(text: string): void;
  /** A program and its first arguments that start the process, such as `unshare`. */
  through?: readonly string[];
}

export interface EndedProcess {
  /** Exit code; 128 and the signal's number after a signal. */
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** A process that runs; disposing of it kills it. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly hasEnded: boolean;
  /** Sends a signal; does nothing once it has ended. */
  kill(signal: Deno.Signal): void;
  /**
   * Waits until a condition holds.
   *
   * @throws Error with all that the process said, where it ends before or the deadline passes (default 30,000 ms).
   */
  until<T>(condition: () => T | Promise<T>, options?: { timeoutMs?: number; what?: string }): Promise<T>;
  /** Waits for its end; throws after the deadline (default 60,000 ms), with all that it said. */
  ended(options?: { timeoutMs?: number }): Promise<EndedProcess>;
}

/**
 * Starts `deno run` on a script with the project's own configuration, in the project's folder.
 *
 * @param script Path from the project's folder, or a URL.
 * @param args Arguments of the script.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./assert.ts";
 * import { startDeno } from "./process.ts";
 *
 * const script = new URL("data:text/javascript,console.log(Deno.args[0])");
 * await using process = startDeno(script, ["hello"]);
 * const { code, stdout } = await process.ended();
 * assertEquals([code, stdout], [0, "hello\n"]);
 * ```
 */
export function startDeno(
  script: string | URL,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const url = typeof script === "string" ? new URL(script, ROOT) : script;
  const config = ["--config", new URL("deno.json", ROOT).pathname];
  return startProgram([
    ...options.through ?? [],
    ...[Deno.execPath(), "run", "--no-check", "--no-prompt", ...config],
    ...options.permissions ?? [],
    url.href,
    ...args,
  ], options);
}

/** Starts a program with its arguments in the project's folder; disposing of it kills it. */
export function startProgram(
  command: readonly string[],
  { env, onStderr }: Pick<ProcessOptions, "env" | "onStderr"> = {},
): RunningProcess {
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new ChildProcess(child, onStderr);
}

/** Starts a command under the permissions that its task gives it for these arguments. */
export function startTask(command: string, args: readonly string[]): RunningProcess {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "scripts/cli/launch/print_permissions.ts", command, ...args],
    cwd: ROOT,
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const permissions = JSON.parse(new TextDecoder().decode(stdout));
  return startDeno(`scripts/commands/${command}.ts`, args, { permissions });
}

/** As `startDeno`, to the end of the script. */
export async function runDeno(
  script: string | URL,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<EndedProcess> {
  await using process = startDeno(script, args, options);
  return await process.ended();
}

class ChildProcess implements RunningProcess {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<Deno.CommandStatus>;
  stdout = "";
  stderr = "";
  hasEnded = false;

  constructor(child: Deno.ChildProcess, onStderr: ProcessOptions["onStderr"]) {
    this.#child = child;
    this.pid = child.pid;
    const said = [
      collect(child.stdout, (text) => this.stdout += text),
      collect(child.stderr, (text) => {
        this.stderr += text;
        onStderr?.(text);
      }),
    ];
    this.#end = (async () => {
      const status = await child.status;
      await Promise.all(said);
      this.hasEnded = true;
      return status;
    })();
  }

  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended before the signal came.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async until<T>(
    condition: () => T | Promise<T>,
    options: { timeoutMs?: number; what?: string } = {},
  ): Promise<T> {
    const { what = "the condition", timeoutMs = 30_000 } = options;
    let hadEnded = false;
    let found: { value: T } | undefined;
    try {
      await until(async () => {
        // One more look after the end: what the process did last counts.
        hadEnded = this.hasEnded;
        const value = await condition();
        if (value) found = { value };
        return found !== undefined || hadEnded;
      }, { timeoutMs, what });
    } catch (cause) {
      throw this.#unmet((cause as Error).message, cause);
    }
    if (found === undefined) throw this.#unmet(`${what} must hold before the process ends: it has ended`);
    return found.value;
  }

  async ended(options: { timeoutMs?: number } = {}): Promise<EndedProcess> {
    const { timeoutMs = 60_000 } = options;
    await this.until(() => this.hasEnded, { timeoutMs, what: "its end" });
    const status = await this.#end;
    return { code: status.code, signal: status.signal, stdout: this.stdout, stderr: this.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stopped process takes this signal, too.
    this.kill("SIGKILL");
    await this.#end;
  }

  #unmet(message: string, cause?: unknown): Error {
    return new Error(`Process ${this.pid}: ${message}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`, {
      cause,
    });
  }
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
}
