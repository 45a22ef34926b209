import type { Service, ServiceName, ServicesFile } from "../../src/testing/services.ts";
import { removeIfThere } from "../cli/remove_if_there.ts";
import { withLock } from "./state_files.ts";

/** Short names of the URLs, in the order of the file. */
const URLS = {
  kafka: "KAFKA",
  minio: "S3",
  postgres: "POSTGRES",
  seaweedfs: "S3_SECOND",
  kafka1: "KAFKA_CLUSTER",
  kafka2: "KAFKA_CLUSTER",
  kafka3: "KAFKA_CLUSTER",
  postgres1: "POSTGRES_PRIMARY",
  postgres2: "POSTGRES_STANDBY",
} as const;
const ORDER = Object.keys(URLS);

/** Returns the content of `services.json` for these servers: their URLs under short names, then each in full. */
export function servicesFile(services: readonly Service[]): ServicesFile {
  const sorted = [...services].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  const content: ServicesFile = { formatVersion: 1, services: {} };
  for (const service of sorted) {
    content[URLS[service.name]] = service.url;
    Object.assign(content.services, { [service.name]: service });
  }
  return content;
}

/**
 * Puts one server into `folder/services.json`, or takes it out (`service` undefined), and deletes the file with the last.
 *
 * Other processes that do the same at the same time wait for one another; a reader sees the old file or the new one.
 */
export async function publishService(
  folder: string,
  name: ServiceName,
  service: Service | undefined,
): Promise<void> {
  const file = `${folder}/services.json`;
  await withLock(`${folder}/services.lock`, async () => {
    let others: Service[] = [];
    try {
      const { services } = JSON.parse(await Deno.readTextFile(file)) as ServicesFile;
      others = Object.values(services).filter((other: Service) => other.name !== name);
    } catch (error) {
      // Without a readable file there is nothing to keep.
      if (![Deno.errors.NotFound, SyntaxError, TypeError].some((kind) => error instanceof kind)) throw error;
    }
    const all = service === undefined ? others : [...others, service];
    if (all.length === 0) {
      return await removeIfThere(file);
    }
    await Deno.writeTextFile(`${file}.new`, JSON.stringify(servicesFile(all), null, 2) + "\n", {
      mode: 0o600,
    });
    await Deno.rename(`${file}.new`, file);
  });
}
