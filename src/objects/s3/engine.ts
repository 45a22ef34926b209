import { asReadable, type Engine, netOf, type Permissions } from "../../runtime/engine.ts";
import type { ObjectStore } from "../objects.ts";
import { readS3Address } from "./address.ts";

const EXTRA_AUTHORITIES = "NODE_EXTRA_CA_CERTS";

/** Objects in MinIO, or another server that speaks S3. */
export const s3Store: Engine<ObjectStore> = {
  schemes: ["s3://"],
  example: "s3://…",
  home: import.meta.url,
  packages: ["minio"],
  permissions: (url, { read }) =>
    asReadable(() => {
      const { tls, caFile, ...address } = readS3Address(url);
      const own = { net: [netOf(address)], env: ["READABLE_STREAM"] };
      if (caFile !== undefined) return { ...own, read: [caFile] };
      return tls ? { ...withSystemAuthorities(read(EXTRA_AUTHORITIES)), net: own.net } : own;
    }),
  async open(url, { onRetry, onTrouble }) {
    // A wrong URL has no permissions, without which the package cannot even be loaded.
    readS3Address(url);
    return (await import("./store.ts")).openMinioStore(url, { onRetry, onTrouble });
  },
};

/** What node:https reads where no authority is named: Deno has no name for the system's own but all of `sys`. */
function withSystemAuthorities(extraFile: string | undefined): Permissions {
  return {
    sys: "any",
    env: ["READABLE_STREAM", EXTRA_AUTHORITIES, "NODE_USE_SYSTEM_CA"],
    read: extraFile ? [extraFile] : [],
  };
}
