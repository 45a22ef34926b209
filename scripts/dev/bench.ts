/**
 * `deno task bench [NAME …]`: the measurements in scripts/bench/, one after another, each under permissions of its own.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { wholeNumber } from "../cli/options/values.ts";
import { platformaticWasm } from "../../src/broker/kafka/platformatic/engine.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

const FOLDER = new URL("../bench/", import.meta.url);
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
  .addHelpText(
    "after",
    `\nMeasurements: ${
      (await knownNames()).join(", ")
    }.\nOptions of its own follow a name; deno run scripts/bench/NAME.ts --help lists them.`,
  )
  .allowUnknownOption()
  .action(bench);

async function bench(words: string[], { json, ...sizes }: BenchFlags): Promise<void> {
  const known = await knownNames();
  const firstOption = words.findIndex((word) => word.startsWith("-"));
  const names = firstOption < 0 ? words : words.slice(0, firstOption);
  const own = firstOption < 0 ? [] : words.slice(firstOption);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
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
    const { code } = await new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        ...permissionsOf(name, json),
        new URL(`${name}.ts`, FOLDER).href,
        ...flags,
        ...report,
        ...own,
      ],
      stdin: "null",
    }).spawn().status;
    if (code === 2) throw new UsageError(`Cannot measure ${name} as its options must be its own`);
    if (code !== 0) Deno.exitCode = 1;
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
