import { Client } from "minio";
import { readS3Address } from "../../../src/objects/s3/address.ts";
import { type EngineUrls, serverUrls } from "../../harness/pipeline_run.ts";
import { type Needed, needs, type Services } from "../../../src/testing/services.ts";
import { makeFolder } from "./make_folder.ts";
import { rawPostgres } from "../raw/postgres_raw.ts";

/** An empty ledger and object store; disposing removes them. */
export interface FreshEngines extends AsyncDisposable {
  readonly urls: EngineUrls;
}

/** Kafka, PostgreSQL and MinIO, or why they are missing. */
export async function realServers(): Promise<Needed<"kafka" | "postgres" | "minio">> {
  return await needs(["kafka", "postgres", "minio"]);
}

/**
 * An embedded ledger and directory in a folder of their own, for the stream at a URL.
 *
 * @param parent Folder to make it in, the project's unless given.
 */
export async function embeddedEngines(stream: string, parent?: string): Promise<FreshEngines> {
  const folder = await makeFolder(parent);
  return {
    urls: { stream, ledger: `sqlite:${folder.path}/ledger.db`, objects: `file:${folder.path}/objects` },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A new schema in PostgreSQL and bucket in MinIO; disposing drops both. */
export function serverEngines(
  services: Required<Pick<Services, "kafka" | "postgres" | "minio">>,
): FreshEngines {
  const schema = `bench_${crypto.randomUUID().slice(0, 8)}`;
  const urls = serverUrls(services, schema);
  return {
    urls,
    async [Symbol.asyncDispose]() {
      await using database = rawPostgres(services.postgres.url);
      await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await dropBucket(urls.objects);
    },
  };
}

export interface ListedObject {
  key: string;
  /** Milliseconds since 1970. */
  storedAtMs: number;
}

/** All objects of the bucket at `s3://…`; none if there is no such bucket. */
export async function listBucket(url: string): Promise<ListedObject[]> {
  const { client, bucket } = bucketAt(url);
  if (!await client.bucketExists(bucket)) return [];
  const objects: ListedObject[] = [];
  for await (const { name, lastModified } of client.listObjectsV2(bucket, "", true)) {
    objects.push({ key: name, storedAtMs: Number(lastModified) });
  }
  return objects;
}

async function dropBucket(url: string): Promise<void> {
  const { client, bucket } = bucketAt(url);
  if (!await client.bucketExists(bucket)) return;
  await client.removeObjects(bucket, (await listBucket(url)).map(({ key }) => key));
  await client.removeBucket(bucket);
}

export async function makeBucket(url: string): Promise<void> {
  const { client, bucket } = bucketAt(url);
  await client.makeBucket(bucket);
}

function bucketAt(url: string): { client: Client; bucket: string } {
  const { host, port, tls, accessKey, secretKey, bucket } = readS3Address(url);
  return { client: new Client({ endPoint: host, port, useSSL: tls, accessKey, secretKey }), bucket };
}
