import type {
  KafkaService,
  PostgresService,
  S3Service,
  Service,
  ServiceName,
  ServicesFile,
} from "../../src/testing/services.ts";
import { withLock } from "./with_lock.ts";

const ORDER: ServiceName[] = ["kafka", "minio", "postgres", "seaweedfs"];

/** Returns the content of `services.json` for these servers: their URLs under short names, then each in full. */
export function servicesFile(services: readonly Service[]): ServicesFile {
  const sorted = [...services].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  const content: ServicesFile = { formatVersion: 1, services: {} };
  for (const service of sorted) {
    if (service.name === "kafka") {
      content.KAFKA = service.url;
      content.services.kafka = service as KafkaService;
    } else if (service.name === "minio") {
      content.S3 = service.url;
      content.services.minio = service as S3Service;
    } else if (service.name === "seaweedfs") {
      content.S3_SECOND = service.url;
      content.services.seaweedfs = service as S3Service;
    } else {
      content.POSTGRES = service.url;
      content.services.postgres = service as PostgresService;
    }
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
      // Without a readable file there is nothing to keep: it is written anew.
      if (
        !(error instanceof Deno.errors.NotFound || error instanceof SyntaxError || error instanceof TypeError)
      ) {
        throw error;
      }
    }
    const all = service === undefined ? others : [...others, service];
    if (all.length === 0) {
      await Deno.remove(file).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      return;
    }
    await Deno.writeTextFile(`${file}.new`, JSON.stringify(servicesFile(all), null, 2) + "\n", {
      mode: 0o600,
    });
    await Deno.rename(`${file}.new`, file);
  });
}
