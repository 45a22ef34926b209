import { platformaticWasm } from "../../../src/broker/kafka/platformatic/engine.ts";

const FOLDER = new URL("../", import.meta.url);
const COLOURS = "NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE,TERM";
/** For the machine in a report. */
const MACHINE = "--allow-sys=cpus,loadavg,systemMemoryInfo";
/** Peers read rows from a file, and are installed below .services. */
const PEERS = ["--allow-write=.edgewood,.services", `--allow-env=PATH,${COLOURS}`];
/** To read /proc, which needs no less; what is measured runs in processes with their own permissions. */
const PROCESSES = ["--allow-all"];

/** Of each measurement; others only read the project. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  scorer: [...PEERS, "--allow-run=sh,python3"],
  train: [...PEERS, "--allow-run=sh,python3,deno"],
  consume: PROCESSES,
  growth: PROCESSES,
  http: PROCESSES,
  latency: PROCESSES,
  ledger: [
    "--allow-read=.",
    "--allow-write=.edgewood",
    "--allow-net=127.0.0.1",
    `--allow-env=READABLE_STREAM,PGBINARY,PGOPTIONS,PGSSLNEGOTIATION,PGCLIENT_ENCODING,PGREPLICATION,PGAPPNAME,PGCONNECT_TIMEOUT,PGSSLMODE,PGUSER,USER,PGDATABASE,${COLOURS}`,
  ],
  pipeline: PROCESSES,
  // Clients read their own environment variables, and one of them a file of its package.
  kafka_clients: [
    `--allow-read=.,${platformaticWasm()}`,
    "--allow-net",
    "--allow-env",
    "--allow-sys=hostname,uid,cpus,loadavg,systemMemoryInfo",
  ],
};

/**
 * Runs a measurement in its own process, under its own permissions.
 *
 * @param options `folder` is where the JSON report `NAME.json` goes, if one is wanted; `signal` ends the process.
 * @returns Its exit code.
 */
export async function runBench(
  name: string,
  args: readonly string[],
  { folder, signal }: { folder?: string; signal?: AbortSignal } = {},
): Promise<number> {
  const report = folder === undefined ? [] : ["--json", `${folder}/${name}.json`];
  const program = new URL(`${name}.ts`, FOLDER).href;
  const { code } = await new Deno.Command("deno", {
    args: ["run", "--no-prompt", ...permissionsOf(name, folder), program, ...report, ...args],
    stdin: "null",
    signal,
  }).spawn().status;
  return code;
}

function permissionsOf(name: string, json: string | undefined): string[] {
  const own = PERMISSIONS[name] ?? [];
  if (own.includes("--allow-all")) return [...own];
  const flags = own.some((flag) => flag.startsWith("--allow-sys")) ? [...own] : [MACHINE, ...own];
  if (!own.some((flag) => flag.startsWith("--allow-read"))) flags.unshift("--allow-read=.");
  if (!own.some((flag) => flag.startsWith("--allow-env"))) flags.push(`--allow-env=${COLOURS}`);
  if (json === undefined) return flags;
  const writes = flags.find((flag) => flag.startsWith("--allow-write="));
  const folder = json.replaceAll(",", ",,");
  return [
    ...flags.filter((flag) => flag !== writes),
    writes === undefined ? `--allow-write=${folder}` : `${writes},${folder}`,
  ];
}

/** The measurements: the programs in scripts/bench/. */
export async function benchNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (isFile && name.endsWith(".ts") && !name.endsWith("_test.ts")) names.push(name.slice(0, -3));
  }
  return names.sort();
}
