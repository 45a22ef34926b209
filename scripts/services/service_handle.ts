import type { Service, ServiceName } from "../../src/testing/services.ts";
import { type Authority, openAuthority } from "./servers/certificates.ts";
import type { RunContext, ServiceDefinition, ServiceSettings } from "./definition.ts";
import { keepSettings } from "./keep_settings.ts";
import { publishService } from "./publish_services.ts";
import { readJson, withLock } from "./state_files.ts";
import { ServerProcess } from "./server_process.ts";

export interface ServiceHandleOptions {
  /** The `.services` folder, absolute. */
  folder: string;
  report(line: string): void;
  /** First port of the server's block; taken as it is or refused. By default a free block is chosen. */
  firstPort?: number;
}

/** `starting` is alive without answering, `paused` is frozen by SIGSTOP. */
export type ServiceState = "ready" | "starting" | "paused" | "stopped" | "never started";

const READY_DEADLINE_MS = 90_000;
const REPORT_EVERY_MS = 5000;
const POLL_MS = 200;

async function lastLines(path: string, count: number): Promise<string> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  return lines.slice(-count).map((line) => `  ${line}`).join("\n");
}

/**
 * One server of this checkout: it can be started, stopped, killed and frozen, by any process that has a handle.
 *
 * All processes see the same state, since it lies in files; calls for the same server wait for one another. Data and
 * ports stay over `stop`, `kill` and `start`, so that clients find again what they left.
 */
export class ServiceHandle {
  readonly #definition: ServiceDefinition;
  readonly #options: ServiceHandleOptions;
  readonly #runDir: string;
  readonly #process: ServerProcess;
  #service: Service | undefined;

  /** Opens nothing; {@link start} does. */
  constructor(definition: ServiceDefinition, options: ServiceHandleOptions) {
    this.#definition = definition;
    this.#options = options;
    this.#runDir = `${options.folder}/run/${definition.name}`;
    this.#process = new ServerProcess(`${this.#runDir}/process.json`);
  }

  get name(): ServiceName {
    return this.#definition.name;
  }

  /** What the server published; throws an Error before its first {@link start} or {@link look}. */
  get service(): Service {
    if (this.#service !== undefined) return this.#service;
    throw new Error(
      `Cannot tell the URL of ${this.name} as it must have been started: current value is not started`,
    );
  }

  /** URL for an adapter, with user and password; throws as {@link service} does. */
  get url(): string {
    return this.service.url;
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return Deno.mkdir(this.#runDir, { recursive: true })
      .then(() => withLock(`${this.#options.folder}/run/${this.name}.lock`, work));
  }

  /** Settings of the servers of the same cluster; those that were never reserved are absent. */
  async #peers(): Promise<RunContext["peers"]> {
    const peers: RunContext["peers"] = {};
    for (const name of this.#definition.peers ?? []) {
      peers[name] = await readJson<ServiceSettings>(`${this.#options.folder}/run/${name}/settings.json`);
    }
    return peers;
  }

  async #context(installDir: string, settings: ServiceSettings): Promise<RunContext> {
    let authority: Promise<Authority> | undefined;
    const tlsDir = `${this.#options.folder}/run/tls`;
    return {
      runDir: this.#runDir,
      installDir,
      settings,
      peers: await this.#peers(),
      authority: () =>
        authority ??= withLock(`${this.#options.folder}/run/tls.lock`, () => openAuthority(tlsDir)),
    };
  }

  async #publish(context: RunContext, pid: number | null): Promise<void> {
    const { settings: { ports, user, password }, installDir } = context;
    this.#service = {
      name: this.name,
      version: this.#definition.version(installDir),
      host: "127.0.0.1",
      port: ports[this.#definition.portRoles[0]],
      pid,
      user,
      password,
      ...this.#definition.describe(context),
      dataDir: `${this.#runDir}/data`,
      logFile: `${this.#runDir}/server.log`,
    };
    await Deno.writeTextFile(`${this.#runDir}/install.json`, JSON.stringify({ installDir }));
    await publishService(this.#options.folder, this.name, this.#service);
  }

  async #awaitReady(context: RunContext): Promise<void> {
    const { title } = this.#definition;
    const start = performance.now();
    let told = start;
    for (;;) {
      let missing: unknown;
      try {
        await this.#definition.askReady(context);
        return;
      } catch (error) {
        missing = error;
      }
      const now = performance.now();
      const logFile = `${this.#runDir}/server.log`;
      const alive = await this.#process.find() !== undefined;
      if (!alive || now - start > READY_DEADLINE_MS) {
        const why = alive ? `it did not answer for ${READY_DEADLINE_MS / 1000} s` : "it ended by itself";
        throw new Error(
          `Cannot start ${title} as it must become ready: current value is ${why}; ${logFile} ends with\n` +
            await lastLines(logFile, 12),
          { cause: missing },
        );
      }
      if (now - told > REPORT_EVERY_MS) {
        told = now;
        const reason = (missing as Error).message.split("\n")[0];
        this.#options.report(
          `${this.name}: waiting for an answer, ${Math.round((now - start) / 1000)} s (${reason})`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Stops the server and deletes its data, ports and passwords. */
  wipe(): Promise<void> {
    return this.#locked(async () => {
      await this.#stopProcess();
      await Deno.remove(this.#runDir, { recursive: true });
    });
  }

  /** Chooses ports and password of a server of a cluster, unless it has them: its peers must know them. */
  reserve(): Promise<void> {
    return this.#locked(async () => {
      const kept = await readJson<ServiceSettings>(`${this.#runDir}/settings.json`);
      const { firstPort, report } = this.#options;
      const { portRoles } = this.#definition;
      if (kept !== undefined && (firstPort ?? kept.ports[portRoles[0]]) === kept.ports[portRoles[0]]) return;
      await keepSettings(this.#runDir, this.#definition, { firstPort, report });
    });
  }

  /**
   * Starts the server, installing it where needed, and returns when it answers clients; true if it was not running.
   *
   * Throws an UnavailableError if it cannot be installed here, and an Error with the end of its log if it is not ready
   * in 90 s; it is stopped then. A server that runs already is left alone, but resumed if paused.
   */
  start(): Promise<boolean> {
    return this.#locked(() => this.#startLocked());
  }

  async #startLocked(): Promise<boolean> {
    const { report, folder } = this.#options;
    const say = (line: string) => report(`${this.name}: ${line}`);
    const cacheDir = `${folder}/cache`;
    await Deno.mkdir(cacheDir, { recursive: true });
    const installDir = await this.#definition.install({ cacheDir, report: say });
    const running = await this.#process.find();
    const kept = await readJson<ServiceSettings>(`${this.#runDir}/settings.json`);
    if (running !== undefined && kept !== undefined) {
      const context = await this.#context(installDir, kept);
      await this.#process.resume();
      await this.#awaitReady(context);
      await this.#publish(context, running.pid);
      return false;
    }
    const context = await this.#context(
      installDir,
      await keepSettings(this.#runDir, this.#definition, {
        firstPort: this.#options.firstPort,
        areKnown: this.#definition.peers !== undefined,
        report: say,
      }),
    );
    const missing = this.#definition.peers?.find((name) => context.peers[name] === undefined);
    if (missing !== undefined) {
      throw new Error(`Cannot start ${this.name} alone at first: deno task services up --cluster`);
    }
    const command = await this.#definition.prepare(context);
    const { pid } = await this.#process.start(command, `${this.#runDir}/server.log`);
    try {
      await this.#awaitReady(context);
    } catch (error) {
      await this.#stopProcess();
      throw error;
    }
    await this.#publish(context, pid);
    return true;
  }

  async #end<How>(end: Promise<How>): Promise<How> {
    const how = await end;
    const settings = await readJson<ServiceSettings>(`${this.#runDir}/settings.json`);
    if (settings !== undefined) await this.#definition.cleanUp?.(settings);
    return how;
  }

  #stopProcess(): Promise<"not running" | "stopped" | "killed"> {
    const { stopSignal, stopDeadlineMs } = this.#definition;
    return this.#end(this.#process.stop({ signal: stopSignal, deadlineMs: stopDeadlineMs }));
  }

  async #known(): Promise<RunContext | undefined> {
    const settings = await readJson<ServiceSettings>(`${this.#runDir}/settings.json`);
    const install = await readJson<{ installDir: string }>(`${this.#runDir}/install.json`);
    return settings && install && await this.#context(install.installDir, settings);
  }

  async #published(pid: number | null): Promise<void> {
    const context = await this.#known();
    if (context !== undefined) await this.#publish(context, pid);
  }

  /** Reads what the server published, without starting it, and returns its state. */
  async look(): Promise<ServiceState> {
    const context = await this.#known();
    if (context === undefined) return "never started";
    const running = await this.#process.find();
    this.#service = {
      ...await readJson<{ services: Record<string, Service> }>(`${this.#options.folder}/services.json`)
        .then((file) => file?.services[this.name]) as Service,
      pid: running?.pid ?? null,
    };
    if (running === undefined) return "stopped";
    if (running.paused) return "paused";
    return await this.#definition.askReady(context).then(() => "ready" as const, () => "starting" as const);
  }

  /** Stops the server cleanly (SIGKILL at its deadline) and returns how it went; its data stays. */
  stop(): Promise<"not running" | "stopped" | "killed"> {
    return this.#locked(async () => {
      const how = await this.#stopProcess();
      await this.#published(null);
      return how;
    });
  }

  /** Kills the server and all its processes with SIGKILL; true if it was running. */
  kill(): Promise<boolean> {
    return this.#locked(async () => {
      const was = await this.#end(this.#process.kill());
      await this.#published(null);
      return was;
    });
  }

  /** Freezes the server: connections stay open and are accepted, nothing answers. True if it was running. */
  pause(): Promise<boolean> {
    return this.#locked(() => this.#process.pause());
  }

  /** Wakes a frozen server; true if it was running. */
  resume(): Promise<boolean> {
    return this.#locked(() => this.#process.resume());
  }

  /** Makes a standby the primary, and returns when it takes writes; throws an Error for other servers. */
  promote(): Promise<void> {
    return this.#locked(async () => {
      const context = await this.#known();
      if (this.#definition.promote === undefined || context === undefined) {
        throw new Error(`Cannot promote ${this.name}: only a standby that was started can be`);
      }
      await this.#definition.promote(context);
    });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops the server and takes it out of `services.json`; its data and ports stay for the next {@link start}. */
  down(): Promise<"not running" | "stopped" | "killed"> {
    return this.#locked(async () => {
      const how = await this.#stopProcess();
      await publishService(this.#options.folder, this.name, undefined);
      return how;
    });
  }
}
