/**
 * `deno task services`: Kafka, MinIO, PostgreSQL and SeaweedFS for the integration tests, without Docker.
 *
 * Progress goes to standard error, results to standard output. Exit codes: 0 done; 1 a server failed, or `status` found
 * one that does not answer; 2 wrong use; 3 a server cannot be installed on this machine (the others run).
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import type { ServiceName } from "../../src/testing/services.ts";
import { withVersion } from "../cli/run_command.ts";
import { allServiceNames, clusterNames, openServices, serviceNames } from "../services/open_services.ts";
import type { ServiceHandle } from "../services/service_handle.ts";
import { servicesFile } from "../services/publish_services.ts";

const NAMES = allServiceNames.join(",");

function parseName(text: string): ServiceName {
  const name = allServiceNames.find((known) => known === text.trim());
  if (name === undefined) throw new InvalidArgumentError(`It must be one of ${NAMES}.`);
  return name;
}

function parseNames(text: string): ServiceName[] {
  return text.split(",").map(parseName);
}

function parsePort(text: string, earlier: Partial<Record<ServiceName, number>> = {}) {
  const [name, port, ...rest] = text.split("=");
  if (!/^\d{4,5}$/.test(port ?? "") || rest.length > 0) {
    throw new InvalidArgumentError("It must be NAME=PORT, as in kafka=19092.");
  }
  return { ...earlier, [parseName(name)]: Number(port) };
}

const report = (line: string) => console.error(line);
const json = new Option("--json", "print JSON on standard output");
const only = new Option("--only <names>", `which servers, separated by commas: ${NAMES}`).argParser(
  parseNames,
);

interface Flags {
  only?: ServiceName[];
  cluster?: boolean;
  json?: boolean;
  fresh?: boolean;
  port?: Partial<Record<ServiceName, number>>;
}

async function up(flags: Flags): Promise<number> {
  const { handles, unavailable, failed } = await openServices({
    only: flags.only ?? (flags.cluster ? clusterNames : serviceNames),
    fresh: flags.fresh,
    firstPorts: flags.port,
    report,
  });
  const running = Object.values(handles).filter(({ name }) => !unavailable.has(name) && !failed.has(name));
  const { services, formatVersion: _, ...urls } = servicesFile(running.map((handle) => handle.service));
  if (flags.json) {
    const missing = Object.fromEntries([
      ...unavailable,
      ...[...failed].map(([name, e]) => [name, e.message]),
    ]);
    console.log(JSON.stringify({ ...urls, services, missing }, null, 2));
  } else {
    for (const [name, url] of Object.entries(urls)) console.log(`${name}=${url}`);
    for (const { name, pid, dataDir } of running.map((handle) => handle.service)) {
      console.log(`${name}: process ${pid}, data in ${dataDir}`);
    }
    const { KAFKA, POSTGRES, S3, KAFKA_CLUSTER, POSTGRES_PRIMARY } = urls;
    if (KAFKA && POSTGRES && S3) {
      report(`for other tasks: export STREAM_URL='${KAFKA}' LEDGER_URL='${POSTGRES}' OBJECTS_URL='${S3}'`);
    }
    if (KAFKA_CLUSTER && POSTGRES_PRIMARY) {
      report(`for other tasks: export STREAM_URL='${KAFKA_CLUSTER}' LEDGER_URL='${POSTGRES_PRIMARY}'`);
    }
  }
  return failed.size > 0 ? 1 : unavailable.size > 0 ? 3 : 0;
}

async function status(flags: Flags): Promise<number> {
  const { handles } = await openServices({ only: flags.only ?? allServiceNames, start: false });
  const all = await Promise.all(
    Object.values(handles).map(async (handle) => {
      const state = await handle.look();
      const { url, pid } = state === "never started" ? { url: undefined, pid: null } : handle.service;
      return { name: handle.name, state, pid, url: url ?? null };
    }),
  );
  // A cluster is on show where there is one.
  const isClusterOff = all.every(({ name, state }) => isStandAlone(name) || state === "never started");
  const rows = all.filter(({ name }) => flags.only !== undefined || isStandAlone(name) || !isClusterOff);
  if (flags.json) console.log(JSON.stringify(rows, null, 2));
  else {
    for (const { name, state, pid, url } of rows) {
      console.log(
        `${name.padEnd(10)} ${state.padEnd(13)} ${String(pid ?? "-").padEnd(8)} ${url ?? ""}`.trimEnd(),
      );
    }
  }
  return rows.every(({ state }) => state === "ready") ? 0 : 1;
}

async function down(flags: Flags): Promise<number> {
  const names = flags.only ?? (flags.cluster ? clusterNames : allServiceNames);
  const { handles } = await openServices({ only: names, start: false });
  const stopped = await Promise.all(
    Object.values(handles).map(async (handle) => [handle.name, await handle.down()] as const),
  );
  const results = stopped.filter(([name, how]) =>
    how !== "not running" || flags.only !== undefined || isStandAlone(name)
  );
  if (flags.json) console.log(JSON.stringify(Object.fromEntries(results), null, 2));
  else for (const [name, how] of results) console.log(`${name}: ${how}`);
  return 0;
}

function isStandAlone(name: ServiceName): boolean {
  return serviceNames.includes(name);
}

const CONTROLS: Record<string, [string, (handle: ServiceHandle) => Promise<unknown>]> = {
  start: ["start it again where it was, with its data; returns when it is ready", (handle) => handle.start()],
  stop: ["stop it cleanly; its data stays", (handle) => handle.stop()],
  restart: ["stop and start it", (handle) => handle.restart()],
  kill: ["kill it (SIGKILL); its data stays", (handle) => handle.kill()],
  pause: ["freeze it (SIGSTOP): connections stay open, nothing answers", (handle) => handle.pause()],
  resume: ["wake it (SIGCONT)", (handle) => handle.resume()],
  promote: ["make the standby postgres2 the primary", (handle) => handle.promote()],
};

/** The command `services`: real servers on this machine. */
export const servicesCommand: Command = withVersion(new Command("services"))
  .description(
    "Kafka, MinIO, PostgreSQL and SeaweedFS on loopback without Docker, for the integration tests.",
  )
  .addHelpText(
    "after",
    `
Installs go to .services/cache and are kept; data goes to .services/run; URLs, passwords, process ids and folders are
in .services/services.json. The first "up" takes minutes (MinIO is built from source), later ones seconds.
A cluster runs beside them: topics have three replicas, two of which must be in sync; the standby follows by streaming.
Break one server of it at a time: "kill kafka2", "start kafka2", "promote postgres2".
Exit codes: 0 done, 1 a server failed or does not answer, 2 wrong use, 3 a server cannot be installed here.`,
  )
  .exitOverride((error) => Deno.exit(error.exitCode === 0 ? 0 : 2));

let exitCode = 0;
servicesCommand.command("up").description("start what is not running; return when all answer")
  .addOption(only).addOption(json)
  .option(
    "--cluster",
    `a cluster instead: three Kafka brokers, PostgreSQL and a standby (${clusterNames.join(",")})`,
  )
  .option("--fresh", "stop them and delete their data, ports and passwords first")
  .option("--port <name=port>", "first port of a server's block (repeatable); refused if in use", parsePort)
  .action(async (flags: Flags) => void (exitCode = await up(flags)));
servicesCommand.command("down").description("stop them all; installs and data stay")
  .addOption(only).addOption(json)
  .option("--cluster", "the cluster alone")
  .action(async (flags: Flags) => void (exitCode = await down(flags)));
servicesCommand.command("status").description("tell what runs and answers")
  .addOption(only).addOption(json)
  .action(async (flags: Flags) => void (exitCode = await status(flags)));
for (const [verb, [description, control]] of Object.entries(CONTROLS)) {
  servicesCommand.command(verb).description(description).argument("<name>", NAMES, parseName)
    .action(async (name: ServiceName) => {
      const { handles } = await openServices({ only: [name], start: false, report });
      await control(handles[name]);
      const state = await handles[name].look();
      console.log(`${name}: ${state}`);
    });
}

if (import.meta.main) {
  try {
    await servicesCommand.parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    const { name, message } = error as Error;
    console.error(message);
    exitCode = name === "UnavailableError" ? 3 : 1;
  }
  Deno.exit(exitCode); // the servers were started detached: nothing here waits for them
}
