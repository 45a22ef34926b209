import { type Engine, fileIn, hostOf } from "../../runtime/engine.ts";
import type { ObjectStore } from "../objects.ts";

/** Objects in MinIO, or another server that speaks S3. */
export const s3Store: Engine<ObjectStore> = {
  schemes: ["s3://"],
  example: "s3://…",
  home: import.meta.url,
  packages: ["minio"],
  permissions: (url) => ({ net: [hostOf(url)], read: fileIn(url, "cafile"), env: ["READABLE_STREAM"] }),
  open: async (url, { onRetry }) => (await import("./store.ts")).openMinioStore(url, { onRetry }),
};
