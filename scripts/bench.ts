/**
 * `deno task bench [NAME …]`: the measurements in scripts/bench/, one after another, each under permissions of its own.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { wholeNumber } from "./option_values.ts";
import { platformaticWasm } from "./permissions.ts";
import { runAsProgram } from "./run_command.ts";

const FOLDER = new URL("./bench/", import.meta.url);
const COLOURS = "NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE,TERM";
/** What a report says of the machine. */
const MACHINE = "--allow-sys=cpus,loadavg,systemMemoryInfo";
/** Rows go to a peer by a file; a peer is installed below .services. */
const PEERS = ["--allow-write=.edgewood,.services", `--allow-env=PATH,${COLOURS}`];
/** Deno asks for no less to read /proc; what is measured runs in processes with permissions of their own. */
const PROCESSES = ["--allow-all"];

/** Permissions of each measurement; those that are not here only read the project. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  scorer: [...PEERS, "--allow-run=sh,python3"],
  train: [...PEERS, "--allow-run=sh,python3,deno"],
  consume: PROCESSES,
  pipeline: PROCESSES,
  // Clients read names of the environment of their own, and one of them a file of its package.
  kafka_clients: [
    `--allow-read=.,${platformaticWasm()}`,
    "--allow-net",
    "--allow-env",
    "--allow-sys=hostname,uid,cpus,loadavg,systemMemoryInfo",
  ],
};

interface BenchFlags {
  json?: string;
  quick?: boolean;
  rounds?: number;
  records?: number;
}

/** Command `bench`. */
export const benchCommand: Command = new Command("bench")
  .description("Measure, and print tables; without a name all that there is.")
  .addArgument(new Argument("[names...]", "measurements"))
  .option("--quick", "small sizes, to see that it runs: its figures are no result")
  .option("--rounds <n>", "rounds a figure is the median of", wholeNumber(1))
  .option("--records <n>", "records, or rows, of one round", wholeNumber(1))
  .option("--json <dir>", "write each report to DIR/NAME.json too")
  .action(bench);

async function bench(names: string[], { json, ...sizes }: BenchFlags): Promise<void> {
  const known = await knownNames();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot measure as each name must be one of ${known.join(", ")}: current value is ${unknown}`,
    );
  }
  if (json !== undefined) await Deno.mkdir(json, { recursive: true });
  const flags = Object.entries(sizes).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)]
  );
  for (const name of names.length > 0 ? names : known) {
    console.log(`\n== ${name} ==`);
    const report = json === undefined ? [] : ["--json", `${json}/${name}.json`];
    const { success } = await new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        ...permissionsOf(name, json),
        new URL(`${name}.ts`, FOLDER).href,
        ...flags,
        ...report,
      ],
      stdin: "null",
    }).spawn().status;
    if (!success) Deno.exitCode = 1;
  }
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

async function knownNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (isFile && name.endsWith(".ts") && !name.endsWith("_test.ts")) names.push(name.slice(0, -3));
  }
  return names.sort();
}

if (import.meta.main) await runAsProgram(benchCommand);
