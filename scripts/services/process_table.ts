import { shell } from "./shell.ts";

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Name of its program, without folder; at most 15 characters on Linux. */
  command: string;
  paused: boolean;
  /** In the system's own unit: tells a process from a later one with the same id. */
  startedAt: string;
}

/**
 * Reads the lines of `/proc/PID/stat`, or of `ps -A -o pid= -o ppid= -o stat= -o lstart= -o comm=`, into process entries.
 *
 * Zombies are left out: they are gone but for their exit code. Lines that are neither are skipped, since a process may
 * end while its line is being written.
 *
 * @example
 * ```ts
 * const table = parseProcessTable("7 (my (odd) name) T 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0");
 * if (table.get(7)?.startedAt !== "4711" || !table.get(7)?.paused) throw new Error("misread");
 * ```
 */
export function parseProcessTable(text: string): Map<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const line of text.split("\n")) {
    let pid: number, state: string, parent: number, startedAt: string, command: string;
    const stat = /^(\d+) \((.*)\) (\S) (.*)$/.exec(line);
    if (stat) {
      const fields = stat[4].split(" "); // from the fourth field of the line on: parent first
      [pid, command, state] = [Number(stat[1]), stat[2], stat[3]];
      [parent, startedAt] = [Number(fields[0]), fields[18]];
    } else {
      const ps = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s+(.*?)\s*$/.exec(line);
      if (!ps) continue;
      [pid, parent, state, startedAt] = [Number(ps[1]), Number(ps[2]), ps[3], ps[4]];
      command = ps[5].slice(ps[5].lastIndexOf("/") + 1);
    }
    if (startedAt === undefined || state.startsWith("Z") || state.startsWith("X")) continue;
    table.set(pid, { pid, parent, command, paused: state.startsWith("T"), startedAt });
  }
  return table;
}

/** Returns all processes of this machine by process id, from `/proc` where there is one and from `ps` elsewhere. */
export async function readProcessTable(): Promise<Map<number, ProcessEntry>> {
  const { stdout, stderr } = await shell(
    "if [ -r /proc/self/stat ]; then cat /proc/[0-9]*/stat 2>/dev/null; " +
      "else LC_ALL=C ps -A -o pid= -o ppid= -o stat= -o lstart= -o comm=; fi",
  );
  const table = parseProcessTable(stdout);
  if (table.size === 0) {
    throw new Error(
      `Cannot list processes as /proc or ps must tell them: current value is ${stderr || stdout}`,
    );
  }
  return table;
}
