import type { EngineUrls } from "../../../src/testing/pipeline_run.ts";
import { type Needed, needs } from "../../../src/testing/services.ts";
import { makeFolder } from "./make_folder.ts";

/** A ledger and a store of objects that nothing was written to yet; disposing of it removes what was. */
export interface FreshEngines extends AsyncDisposable {
  /** Their URLs, and that of the stream. */
  readonly urls: EngineUrls;
}

/** Kafka, PostgreSQL and MinIO, or why they are not there. */
export async function realServers(): Promise<Needed<"kafka" | "postgres" | "minio">> {
  return await needs(["kafka", "postgres", "minio"]);
}

/** An embedded ledger and directory in a folder of their own, for the stream at a URL. */
export async function embeddedEngines(stream: string): Promise<FreshEngines> {
  const folder = await makeFolder();
  return {
    urls: { stream, ledger: `sqlite:${folder.path}/ledger.db`, objects: `file:${folder.path}/objects` },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
