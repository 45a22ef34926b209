/**
 * `deno task test:services`: contract suites and the fault matrix against real servers.
 *
 * @module
 */
import { Command, InvalidArgumentError } from "commander";
import project from "../../deno.json" with { type: "json" };
import { KAFKA_CLIENTS } from "../../src/adapters.ts";
import { faultRowNames, runFaultMatrix } from "../harness/faults/matrix.ts";
import { thisMachine } from "../bench/report/machine.ts";
import type { FaultReport } from "../bench/report/page.ts";
import { clusterRowNames, runClusterRows } from "../harness/faults/cluster_rows.ts";
import { openCluster } from "../harness/faults/moving_cluster.ts";
import { FAULT_FIGURES, faultFigures, type RowResult } from "../harness/faults/row.ts";
import type { KafkaClientName } from "../harness/faults/stage.ts";
import { wholeNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { onInterrupt } from "../cli/on_interrupt.ts";
import { openFaultServers } from "../harness/fault_servers.ts";

interface TestServicesFlags {
  quick?: boolean;
  full?: boolean;
  only?: string[];
  seed?: number;
  records: number;
  client: KafkaClientName[];
  contracts: boolean;
  json?: string;
}

/** The command `test:services`. */
export const testServicesCommand: Command = new Command("test:services")
  .description("Run the contract suites and the fault matrix against Kafka, MinIO and PostgreSQL.")
  .option("--quick", "shorter outages and fewer kills")
  .option("--full", "a cluster of three brokers too; with --quick: leaders that move alone")
  .option("--only <rows...>", "these rows of the matrix, and no contract suites")
  .option("--records <n>", "records in each topic", wholeNumber(1000), 100_000)
  .option(
    "--client <names>",
    "clients of the broker, with commas; with --quick all but the first run the rows about the broker",
    clientNames,
    [...KAFKA_CLIENTS],
  )
  .option(
    "--seed <n>",
    "seed of the random moments (default: another one each time)",
    wholeNumber(0, 2 ** 32 - 1),
  )
  .option("--no-contracts", "the matrix alone")
  .option("--json <file>", "write the results to a file too")
  .addHelpText(
    "after",
    `
Rows: ${faultRowNames.join(", ")}.
Rows of --full, which --only starts too: ${clusterRowNames.join(", ")}.
Servers that do not run are installed and started, and left running: deno task services down.
Exit codes: 0 all held, or the servers cannot be installed here; 1 something did not hold; 2 wrong use.`,
  )
  .action(testServices);

async function testServices(flags: TestServicesFlags): Promise<void> {
  const isOfCluster = (name: string) => clusterRowNames.includes(name);
  const only = flags.only?.filter((name) => !isOfCluster(name));
  const onlyOfCluster = flags.only?.filter(isOfCluster);
  const hasCluster = flags.full || (onlyOfCluster?.length ?? 0) > 0;
  const servers = only?.length === 0 ? undefined : await openFaultServers();
  if (servers === undefined && only?.length !== 0) return;
  const cluster = hasCluster ? await openCluster() : undefined;
  const contracts = flags.contracts && flags.only === undefined ? await runContracts(flags.quick) : undefined;
  const seed = flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0];
  console.log(`seed ${seed}`);
  console.log(tableLine([...FAULT_FIGURES, "took s", "ok"]));
  const ending = new AbortController();
  using _ending = onInterrupt("test:services", () => ending.abort());
  const startedAt = performance.now();
  const machine = thisMachine();
  const options = {
    records: flags.records,
    clients: flags.client,
    signal: ending.signal,
    onRow(row: RowResult) {
      const state = row.skipped !== undefined ? "skipped" : row.ok ? "ok" : "FAILED";
      console.log(tableLine([...faultFigures(row), row.tookS.toFixed(1), state]));
      for (const problem of row.problems) console.log(`  ${problem}`);
      if (row.skipped !== undefined) console.log(`  skipped: ${row.skipped}`);
    },
  };
  const isQuick = flags.quick ?? false;
  const rows = servers === undefined
    ? []
    : await runFaultMatrix(servers, { ...options, seed, isQuick, only });
  if (cluster !== undefined) {
    const records = isQuick ? Math.min(flags.records, 20_000) : flags.records;
    rows.push(...await runClusterRows(cluster, { ...options, records, isQuick, only: onlyOfCluster }));
  }
  const failedRows = rows.filter(({ ok }) => !ok).map(({ row }) => row);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const outcome = failedRows.length === 0 ? "all held" : `failed: ${failedRows.join(", ")}`;
  const suites = contracts === undefined ? "" : `; contract suites ${contracts ? "passed" : "failed"}`;
  console.log(`${rows.length} rows in ${seconds} s: ${outcome}${suites}`);
  if (flags.json !== undefined) {
    const report: FaultReport = {
      bench: "faults",
      startedAt: new Date(Date.now() - (performance.now() - startedAt)).toISOString(),
      version: project.version,
      machine,
      seed,
      quick: flags.quick ?? false,
      contracts,
      rows,
    };
    await Deno.writeTextFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (failedRows.length > 0 || contracts === false) Deno.exitCode = 1;
}

/** Runs the tests that need servers; the quick form leaves out those of the measurements, which are slow. */
async function runContracts(isQuick = false): Promise<boolean> {
  const tests: string[] = [];
  for (const folder of isQuick ? ["src", "scripts/harness"] : ["src", "scripts"]) {
    await findTests(folder, tests);
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "-A", ...tests.sort()],
    stdin: "null",
  }).spawn();
  return (await child.status).success;
}

async function findTests(folder: string, found: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await findTests(`${folder}/${name}`, found);
    else if (name.endsWith("_services_test.ts") || name === "disk_full_test.ts") {
      found.push(`${folder}/${name}`);
    }
  }
}

function clientNames(text: string): KafkaClientName[] {
  const names = text.split(",");
  const unknown = names.find((name) => !(KAFKA_CLIENTS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`It must be of ${KAFKA_CLIENTS.join(", ")}: current value is ${unknown}`);
  }
  return names as KafkaClientName[];
}

function tableLine([name, ...cells]: string[]): string {
  return [name.padEnd(24), ...cells.map((cell) => cell.padStart(11))].join(" ");
}

if (import.meta.main) await runAsProgram(testServicesCommand);
