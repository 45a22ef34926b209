import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  /** Model of the processor, as it names itself. */
  cpu: string;
  cores: number;
  memoryGib: number;
  /** System and architecture, as Deno names them. */
  target: string;
  deno: string;
  /** Load average of the minute before: what else the machine did. */
  load: number;
}

/** This machine and its load; needs `--allow-sys=cpus,loadavg,systemMemoryInfo`. */
export function thisMachine(): Machine {
  const { length, 0: first } = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    target: Deno.build.target,
    deno: Deno.version.deno,
    load: Math.round(loadavg()[0] * 100) / 100,
  };
}

/** The machine in one line. */
export function machineText({ cpu, cores, memoryGib, target, deno, load }: Machine): string {
  return `${cores} cores of ${cpu}, ${memoryGib} GiB, ${target}, Deno ${deno}; load ${load} at the start`;
}
