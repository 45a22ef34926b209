import { type ProcessEntry, readProcessTable } from "./process_table.ts";
import { removeIfThere } from "../cli/remove_if_there.ts";
import { shell } from "./shell.ts";
import type { ServerCommand } from "./definition.ts";

/** Id and start of a process: ids are reused. */
export interface StartedProcess {
  pid: number;
  /** When it started, as the process table tells it. */
  startedAt: string;
}

export interface StopOptions {
  signal: Deno.Signal;
  /** Milliseconds until SIGKILL follows. */
  deadlineMs: number;
}

const POLL_MS = 50;

async function until(condition: () => Promise<boolean>, deadlineMs: number): Promise<boolean> {
  for (const end = performance.now() + deadlineMs;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Signals through the shell's `kill`, since Deno's own needs the permission to run everything. */
async function signal(pids: readonly number[], name: Deno.Signal): Promise<void> {
  for (const pid of pids) {
    const { code, stderr } = await shell('kill -s "$1" "$2"', [name.slice("SIG".length), String(pid)]);
    // It ended since the look at the table: the signal is not needed any more.
    if (code === 0 || /no such process/i.test(stderr)) continue;
    throw new Error(`Cannot send ${name} to process ${pid} as it must be ours: current value is ${stderr}`);
  }
}

/**
 * Starts "$2"… with output to "$1" and none of the open files that we ourselves were given: whoever waits for the end of
 * a pipe that leads to us must not wait for the server. Only bash can close a file with a number above 9.
 */
const DETACH = `exec >>"$1" 2>&1 </dev/null; shift
if [ -d /proc/self/fd ] && command -v bash >/dev/null; then
  exec bash -c 'for fd in /proc/self/fd/*; do fd=\${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$@"' bash "$@"
fi
exec "$@"`;

/**
 * A server process that outlives the process that started it, found again by its pid file.
 *
 * The pid file is trusted only where a process with that id and that start time lives, so a stale file (reboot, kill -9,
 * an id used again by a stranger) reads as "not running" and never lets a signal hit somebody else.
 */
export class ServerProcess {
  /**
   * Opens nothing; {@link start} does.
   *
   * @param pidFile Path of the file with id and start time; its folder exists.
   */
  constructor(private readonly pidFile: string) {}

  async #recorded(): Promise<StartedProcess | undefined> {
    try {
      const { pid, startedAt } = JSON.parse(await Deno.readTextFile(this.pidFile)) ?? {};
      return Number.isSafeInteger(pid) && pid > 1 && typeof startedAt === "string"
        ? { pid, startedAt }
        : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Returns the living server process, or undefined when there is none. */
  async find(): Promise<ProcessEntry | undefined> {
    const recorded = await this.#recorded();
    if (recorded === undefined) return undefined;
    const entry = (await readProcessTable()).get(recorded.pid);
    return entry?.startedAt === recorded.startedAt ? entry : undefined;
  }

  /**
   * Starts the server in a session of its own, with output appended to `logFile`, and returns its process entry.
   *
   * Nothing of this process is inherited but PATH and HOME: no pipe, no open file, no terminal, no other variable.
   * Throws an Error when the process ends before it can be seen.
   */
  async start({ command, env }: ServerCommand, logFile: string): Promise<ProcessEntry> {
    const inherited = Object.fromEntries(
      ["PATH", "HOME"].flatMap((name) => {
        const value = Deno.env.get(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const child = new Deno.Command("sh", {
      args: ["-c", DETACH, "sh", logFile, ...command],
      cwd: logFile.slice(0, logFile.lastIndexOf("/")),
      clearEnv: true,
      env: { ...inherited, LANG: "C", LC_ALL: "C", ...env },
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    child.unref();
    const entry = (await readProcessTable()).get(child.pid);
    if (entry === undefined) {
      throw new Error(`Cannot start ${command[0]} as it must keep running: current value is ended at once`);
    }
    const started: StartedProcess = { pid: entry.pid, startedAt: entry.startedAt };
    await Deno.writeTextFile(this.pidFile, JSON.stringify(started));
    return entry;
  }

  /** Returns the process and everything it started, itself first. */
  async #tree(): Promise<number[]> {
    const recorded = await this.find();
    if (recorded === undefined) return [];
    const table = await readProcessTable();
    const tree = [recorded.pid];
    for (let position = 0; position < tree.length; position++) {
      for (const entry of table.values()) if (entry.parent === tree[position]) tree.push(entry.pid);
    }
    return tree;
  }

  async #gone(pids: number[], deadlineMs: number): Promise<boolean> {
    return await until(async () => {
      const table = await readProcessTable();
      return pids.every((pid) => !table.has(pid));
    }, deadlineMs);
  }

  /** Sends SIGKILL to the server and everything it started and returns when they are gone; true if it was running. */
  async kill(): Promise<boolean> {
    const pids = await this.#tree();
    await signal(pids, "SIGKILL");
    if (!await this.#gone(pids, 10_000)) {
      throw new Error(
        `Cannot kill processes ${pids} as they must end: current value is alive 10 s after SIGKILL`,
      );
    }
    await removeIfThere(this.pidFile);
    return pids.length > 0;
  }

  /**
   * Asks the server to stop, kills what is left at the deadline, and returns how it went.
   *
   * A paused server is resumed first, since it could not hear the request.
   */
  async stop(options: StopOptions): Promise<"not running" | "stopped" | "killed"> {
    const pids = await this.#tree();
    if (pids.length === 0) {
      await this.kill(); // drops a stale pid file
      return "not running";
    }
    await signal(pids, "SIGCONT");
    await signal(pids.slice(0, 1), options.signal);
    const stopped = await this.#gone(pids, options.deadlineMs);
    if (!stopped) await signal(pids.slice(1), "SIGKILL");
    await this.kill();
    return stopped ? "stopped" : "killed";
  }

  /** Freezes the server and everything it started (SIGSTOP): connections stay open and nothing answers. */
  async pause(): Promise<boolean> {
    const frozen = new Set<number>();
    for (;;) { // again until nothing is new: a child may be born while its siblings are being frozen
      const pids = (await this.#tree()).filter((pid) => !frozen.has(pid));
      if (pids.length === 0) return frozen.size > 0;
      await signal(pids, "SIGSTOP");
      for (const pid of pids) frozen.add(pid);
    }
  }

  /** Wakes what {@link pause} froze (SIGCONT). */
  async resume(): Promise<boolean> {
    const pids = await this.#tree();
    await signal(pids, "SIGCONT");
    return pids.length > 0;
  }
}
