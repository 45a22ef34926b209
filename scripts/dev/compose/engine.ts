import { shell } from "../../services/shell.ts";

/** A container engine of this machine, and the program that reads the compose file for it. */
export interface Engine {
  name: "docker" | "podman";
  /** The beginning of a compose command. */
  compose: readonly string[];
  /** Environment of both. */
  env: Record<string, string>;
}

/** A container as the engine tells of it. */
export interface Container {
  name: string;
  service: string;
  isRunning: boolean;
  exitCode: number;
  /** Undefined where it has no health check. */
  health?: string;
}

/** Without systemd and the right to raise limits: runc, groups by files, limits that are there. */
const PODMAN_CONF = `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4000:4000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/**
 * Finds Docker with Compose, or else podman with podman-compose.
 *
 * @param folder Where settings for podman may be written.
 * @returns Undefined, with a reason, where there is neither.
 */
export async function findEngine(folder: string): Promise<Engine | { missing: string }> {
  if ((await shell("docker compose version && docker info")).code === 0) {
    return { name: "docker", compose: ["docker", "compose"], env: {} };
  }
  const conf = `${folder}/containers.conf`;
  await Deno.writeTextFile(conf, PODMAN_CONF);
  const env = { CONTAINERS_CONF: conf };
  const lacking = [];
  for (const program of ["podman", "runc", "podman-compose"]) {
    if ((await shell('command -v "$1"', [program])).code !== 0) lacking.push(program);
  }
  if (lacking.length > 0) return { missing: `no Docker, and of podman's programs no ${lacking.join(", ")}` };
  const { code, stderr } = await shell("podman info", [], { env });
  if (code !== 0) return { missing: `podman does not run here: ${stderr.split("\n").at(-1)}` };
  return { name: "podman", compose: ["podman-compose"], env };
}

/** Runs a program of the engine; throws with all that it said where it fails. */
export async function runEngine({ env }: Engine, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await shell('"$@"', args, { env });
  if (code !== 0) throw new Error(`${args.slice(0, 6).join(" ")} ended with ${code}: ${stderr}\n${stdout}`);
  return stdout;
}

/** The containers of a project. */
export async function containersOf(engine: Engine, project: string): Promise<Container[]> {
  const filter = `label=com.docker.compose.project=${project}`;
  const ids = await runEngine(engine, [engine.name, "ps", "--all", "--quiet", "--filter", filter]);
  if (ids === "") return [];
  const told = JSON.parse(await runEngine(engine, [engine.name, "inspect", ...ids.split("\n")]));
  // deno-lint-ignore no-explicit-any
  return told.map(({ Name, Config, State }: any) => ({
    name: Name.replace(/^\//, ""),
    service: Config.Labels["com.docker.compose.service"],
    isRunning: State.Running,
    exitCode: State.ExitCode,
    health: Config.Healthcheck === undefined ? undefined : (State.Health ?? State.Healthcheck)?.Status,
  }));
}

/** Asks each container's health check now: podman without systemd has nothing that asks it in time. */
export async function askHealth(engine: Engine, project: string): Promise<Container[]> {
  const containers = await containersOf(engine, project);
  if (engine.name === "docker") return containers;
  for (const each of containers) {
    if (!each.isRunning || each.health === undefined) continue;
    const { code } = await shell('podman healthcheck run "$1"', [each.name], { env: engine.env });
    each.health = code === 0 ? "healthy" : "unhealthy";
  }
  return containers;
}
