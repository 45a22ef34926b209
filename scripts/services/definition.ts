/**
 * What a server has to say about itself so that it can be installed, started and stopped.
 *
 * @module
 */
import type { Service, ServiceName } from "../../src/testing/services.ts";
import type { Authority } from "./servers/certificates.ts";

/** What stays the same over restarts of one server until `up --fresh`; kept in its run folder. */
export interface ServiceSettings {
  ports: Record<string, number>;
  user: string;
  password: string;
}

/** What an installation needs: where to put the result, and a line to tell how far it is. */
export interface InstallContext {
  cacheDir: string;
  /** Takes one line of progress. */
  report(line: string): void;
}

/** What a server needs to write its configuration, start and be asked whether it is ready. */
export interface RunContext {
  /** The server's own folder: configuration, data, log; absolute. */
  runDir: string;
  /** What {@link ServiceDefinition.install} returned: an absolute folder. */
  installDir: string;
  settings: ServiceSettings;
  /** Of the servers of the same cluster, its own among them; empty for a server that stands alone. */
  peers: Partial<Record<ServiceName, ServiceSettings>>;
  /** The certificate authority that all servers of this checkout share. */
  authority(): Promise<Authority>;
}

export interface ServerCommand {
  command: string[];
  /** Environment besides PATH and HOME: nothing else is inherited. */
  env?: Record<string, string>;
}

export interface ServiceDefinition {
  name: ServiceName;
  title: string;
  /** First port of its default block, one port a role. */
  firstPort: number;
  /** The roles it listens in, the main one first. */
  portRoles: readonly string[];
  /** Servers of the same cluster, itself among them: each must know the ports of all before any starts. */
  peers?: readonly ServiceName[];
  /** Servers that must be ready before it starts for the first time. */
  after?: readonly ServiceName[];
  stopSignal: Deno.Signal;
  /** Milliseconds from asking it to stop to killing it. */
  stopDeadlineMs: number;
  /** Installs it if absent and returns the folder; throws UnavailableError if that is impossible here. */
  install(context: InstallContext): Promise<string>;
  version(installDir: string): string;
  /** Writes configuration and makes the data folder if absent; repeating it changes no data. */
  prepare(context: RunContext): Promise<ServerCommand>;
  /** Removes what a stopped or killed server leaves outside its run folder. */
  cleanUp?(settings: ServiceSettings): Promise<void>;
  /** Asks the server once whether it serves clients; throws an Error that says what is missing. */
  askReady(context: RunContext): Promise<void>;
  /** Makes a standby the primary. */
  promote?(context: RunContext): Promise<void>;
  /** What it publishes besides the fields of every server. */
  describe(context: RunContext): Omit<Service, keyof Service> & { url: string };
}

/** A server cannot be installed on this machine; the message is one line that says which and why. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}
