/**
 * What a server has to say about itself so that it can be installed, started and stopped.
 *
 * @module
 */
import type { Service, ServiceName } from "../../src/testing/services.ts";
import type { Authority } from "./servers/certificates.ts";

/** What stays the same over restarts of one server until `up --fresh`; kept in its run folder. */
export interface ServiceSettings {
  /** Port of each role the server listens in. */
  ports: Record<string, number>;
  user: string;
  password: string;
}

/** What an installation needs: where to put the result, and a line to tell how far it is. */
export interface InstallContext {
  /** The git-ignored folder for installs of the checkout, absolute. */
  cacheDir: string;
  /** Takes one line of progress, without the server's name. */
  report(line: string): void;
}

/** What a server needs to write its configuration, start and be asked whether it is ready. */
export interface RunContext {
  /** The server's own folder: configuration, data, log; absolute. */
  runDir: string;
  /** What {@link ServiceDefinition.install} returned: an absolute folder. */
  installDir: string;
  settings: ServiceSettings;
  /** Makes, at the first call, the certificate authority that the servers of this checkout share. */
  authority(): Promise<Authority>;
}

/** A server process to start. */
export interface ServerCommand {
  command: string[];
  /** Environment beside PATH and HOME; nothing else is inherited, so that a developer's settings change nothing. */
  env?: Record<string, string>;
}

/** One kind of server. */
export interface ServiceDefinition {
  name: ServiceName;
  title: string;
  /** First port of its block by default; the roles follow one another from there. */
  firstPort: number;
  /** The roles it listens in, the main one first. */
  portRoles: readonly string[];
  /** Signal that asks it to stop cleanly without waiting for its clients. */
  stopSignal: Deno.Signal;
  /** How long it may take to stop before it is killed, in milliseconds. */
  stopDeadlineMs: number;
  /** Installs it where it is absent and returns the folder; throws UnavailableError where that cannot be done. */
  install(context: InstallContext): Promise<string>;
  /** Returns the version that `installDir` holds. */
  version(installDir: string): string;
  /** Writes configuration and, on an empty run folder, makes the data folder; repeating it changes no data. */
  prepare(context: RunContext): Promise<ServerCommand>;
  /** Removes what a stopped or killed server leaves outside its run folder, where it leaves anything. */
  cleanUp?(settings: ServiceSettings): Promise<void>;
  /** Asks the server once whether it serves clients; throws an Error with what is missing when it does not. */
  askReady(context: RunContext): Promise<void>;
  /** What it publishes beyond the fields that every server has. */
  describe(context: RunContext): Omit<Service, keyof Service> & { url: string };
}
