import { needs } from "../testing/services.ts";
import { objectsContract } from "./contract.ts";
import { openMinioStore } from "./minio.ts";

for (const server of ["minio", "seaweedfs"] as const) {
  const { services, ignore, reason } = await needs(server);
  objectsContract(`minio store on ${server}`, {
    open: () => Promise.resolve(openMinioStore(services[server].url)),
    skip: ignore ? reason : undefined,
  });
}
