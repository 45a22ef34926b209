/**
 * Brings docker-compose.yml up in containers and works with it: three consumers score a stream, one of them is killed, and
 * every record must be accounted for once.
 *
 * @module
 */
import { parse, stringify } from "yaml";
import { missingLines } from "../../commands/env.ts";
import { until } from "../../../src/testing/until.ts";
import { askHealth, type Container, containersOf, type Engine, findEngine, runEngine } from "./engine.ts";
import { UnavailableError } from "../../services/definition.ts";
import { shell } from "../../services/shell.ts";
import { makeStandIns } from "./stand_ins.ts";

const PROJECT = "edgewood-check";
const FOLDER = ".services/compose";
const PATIENCE_MS = 600_000;
const CONSUMERS = 3;

/** The services of the file, by name. */
type Services = Record<string, {
  image: string;
  build?: { context: string; dockerfile_inline: string };
  depends_on?: Record<string, unknown>;
}>;

/** How much is scored. */
export interface ComposeRunOptions {
  count: number;
  report(line: string): void;
}

/**
 * Runs it all.
 *
 * @returns What was seen, in a line, or why it could not be tried.
 * @throws Error where a container does not get healthy, or a record is not accounted for once.
 */
export async function runCompose({ count, report }: ComposeRunOptions): Promise<string> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const engine = await findEngine(await Deno.realPath(FOLDER));
  if ("missing" in engine) return `skipped: ${engine.missing}`;
  const services = await writeProject(engine, count);
  const lacking = await getImages(engine, services, report);
  if (lacking !== undefined) return `skipped: ${lacking}`;
  const compose = (...args: string[]) =>
    runEngine(engine, [
      ...engine.compose,
      "--project-name",
      PROJECT,
      "--file",
      `${FOLDER}/compose.yml`,
      ...args,
    ]);
  await compose("down", "--volumes");
  try {
    report("building the image");
    await compose("build", "consumer");
    report(`starting with ${CONSUMERS} consumers`);
    await startAll(engine, services, compose);
    await until(async () => await committed(engine) > count / 4, {
      timeoutMs: PATIENCE_MS,
      what: "a first quarter",
    });
    const [victim] = await running(engine, "consumer");
    report(`killing ${victim.name} at ${await committed(engine)} records`);
    await runEngine(engine, [engine.name, "kill", "--signal", "KILL", victim.name]);
    await until(async () => await committed(engine) === count, {
      timeoutMs: PATIENCE_MS,
      what: `${count} records`,
    });
    const [witness] = (await running(engine, "consumer")).filter(({ name }) => name !== victim.name);
    const proof = await verified(engine, witness);
    await checkRights(engine);
    report("stopping all");
    await runEngine(engine, [engine.name, "stop", "--time", "30", witness.name]);
    const { exitCode } = (await containersOf(engine, PROJECT)).find(({ name }) => name === witness.name)!;
    if (exitCode !== 0) {
      throw new Error(`a consumer that is stopped must end with 0: it ended with ${exitCode}`);
    }
    return `${engine.name}: ${count} records, ${CONSUMERS} consumers, one killed; ${proof}`;
  } catch (error) {
    for (const { name, service } of await containersOf(engine, PROJECT)) {
      const told = await runEngine(engine, ["sh", "-c", '"$0" logs --tail 15 "$1" 2>&1', engine.name, name]);
      report(`--- ${service}\n${told}`);
    }
    throw error;
  } finally {
    await compose("down", "--volumes");
  }
}

/** The file as it is, but for what podman-compose lacks: secrets from the environment, and ports of a range. */
async function writeProject(engine: Engine, count: number): Promise<Services> {
  const env = missingLines("").map((line) => line.replaceAll("'", "").split(/=(.*)/s));
  const settings = Object.fromEntries([...env, ["PRODUCE_COUNT", `${count}`], [
    "PRODUCE_RATE",
    `${count / 30}`,
  ]]);
  Object.assign(engine.env, settings);
  const compose = parse(await Deno.readTextFile("docker-compose.yml"), { merge: true });
  for (const [name, secret] of Object.entries<{ environment?: string }>(compose.secrets)) {
    if (engine.name === "docker") continue;
    const file = `${await Deno.realPath(FOLDER)}/${name}`;
    await Deno.writeTextFile(file, settings[secret.environment!], { mode: 0o644 });
    compose.secrets[name] = { file };
  }
  delete compose.services.consumer.ports;
  for (const name of ["prometheus", "grafana"]) delete compose.services[name];
  const services: Services = structuredClone(compose.services);
  for (const service of Object.values<Services[string]>(compose.services)) {
    if (service.build !== undefined) service.build.context = Deno.cwd();
    // `startAll` keeps the order.
    delete service.depends_on;
  }
  await Deno.writeTextFile(`${FOLDER}/compose.yml`, stringify(compose, { aliasDuplicateObjects: false }));
  return services;
}

/** Pulls the images, or makes what stands in for them; says why neither can be done. */
async function getImages(
  engine: Engine,
  services: Services,
  report: (line: string) => void,
): Promise<string | undefined> {
  if (engine.name === "docker") {
    for (const name of imageNames(services)) {
      const { code, stderr } = await shell('docker pull --quiet "$1"', [name]);
      if (code !== 0) return `docker cannot pull ${name}: ${stderr.split("\n").at(-1)}`;
    }
    return;
  }
  await Deno.mkdir(".services/cache", { recursive: true });
  try {
    await makeStandIns(imageNames(services), { cacheDir: await Deno.realPath(".services/cache"), report });
  } catch (error) {
    if (error instanceof UnavailableError) return error.message;
    throw error;
  }
}

/** The images that are not ours, and the one that ours is built on. */
function imageNames(services: Services): string[] {
  const named = Object.values(services)
    .map(({ image, build }) => build === undefined ? image : /FROM (\S+)/.exec(build.dockerfile_inline)![1]);
  return [...new Set(named)];
}

/** Starts what depends on nothing, then what depends on that: podman-compose waits for no health check. */
async function startAll(
  engine: Engine,
  services: Services,
  compose: (...args: string[]) => Promise<string>,
): Promise<void> {
  const waiting = new Set(Object.keys(services));
  // Consumers that are there already share the work.
  services.producer.depends_on = { consumer: {} };
  while (waiting.size > 0) {
    const ready = [...waiting].filter((name) =>
      Object.keys(services[name].depends_on ?? {}).every((each) => !waiting.has(each))
    );
    const scale = ready.includes("consumer") ? ["--scale", `consumer=${CONSUMERS}`] : [];
    await compose("up", "--detach", "--no-build", "--no-deps", ...scale, ...ready);
    const started = await until(async () => {
      const all = (await askHealth(engine, PROJECT)).filter(({ service }) => ready.includes(service));
      const isEnding = (name: string) => ["trainer", "minio-setup", "postgres-setup"].includes(name);
      const areThere = all.every(({ isRunning, health, service }) =>
        isEnding(service) ? !isRunning : !isRunning || health === undefined || health === "healthy"
      );
      return areThere ? all : undefined;
    }, { timeoutMs: PATIENCE_MS, what: `the health of ${ready.join(", ")}` });
    const failed = started!.filter(({ isRunning, exitCode }) => !isRunning && exitCode !== 0);
    if (failed.length > 0) {
      throw new Error(`${failed.map(({ name }) => name).join(", ")} ended with an error`);
    }
    for (const name of ready) waiting.delete(name);
  }
}

async function running(engine: Engine, service: string): Promise<Container[]> {
  return (await containersOf(engine, PROJECT)).filter((each) => each.service === service && each.isRunning);
}

/** What a query answers, asked inside the database's container. */
async function asked(engine: Engine, sql: string): Promise<string> {
  const [{ name }] = await running(engine, "postgres");
  return await runEngine(engine, [
    ...[engine.name, "exec", name, "psql", "-h", "/var/run/postgresql", "-U", "postgres", "-d", "edgewood"],
    ...["-Atc", sql],
  ]);
}

async function committed(engine: Engine): Promise<number> {
  return Number(await asked(engine, "SELECT coalesce(sum(next_offset), 0) FROM edgewood.partition_owner"));
}

/** Waits until the relays are done, and gives what `verify` says. */
async function verified(engine: Engine, { name }: Container): Promise<string> {
  const verify = [engine.name, "exec", name, "deno", "task", "--quiet", "verify"];
  return await until(() => runEngine(engine, verify), { timeoutMs: PATIENCE_MS, what: "what verify proves" });
}

/** The service is no superuser of the database, and nobody reads the broker without a login. */
async function checkRights(engine: Engine): Promise<void> {
  const isSuper = await asked(engine, "SELECT rolsuper FROM pg_roles WHERE rolname = 'edgewood'");
  if (isSuper !== "f") throw new Error(`the service's role must be no superuser: rolsuper is ${isSuper}`);
}
