/** Where an S3 object store is and how to sign requests to it. */
export interface S3Address {
  host: string;
  port: number;
  tls: boolean;
  bucket: string;
  region: string;
  accessKey: string;
  secretKey: string;
  /** PEM file of the authority that the server's certificate must be signed by. */
  caFile: string | undefined;
  /** The address as a person would write it, without the keys. */
  name: string;
}

const PARAMETERS = ["region", "tls", "cafile"];
/** What npm:minio and Amazon take as a bucket's name. */
const BUCKET = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `s3://ACCESS:SECRET@HOST:PORT/BUCKET?region=…&tls=true|false&cafile=FILE`.
 *
 * Without `tls` the connection is encrypted where `cafile` is given or the port is 443 or left out, and plain text
 * otherwise. The region is `us-east-1` unless it is named. Percent-encode what keys have of `/`, `@`, `:`, `%` and `+`.
 *
 * @throws RangeError naming the part that cannot be used; the message never holds a key.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readS3Address } from "./address.ts";
 *
 * const { tls, bucket, name } = readS3Address("s3://key:secret@127.0.0.1:9000/flagged");
 * assertEquals([tls, bucket, name], [false, "flagged", "s3://127.0.0.1:9000/flagged"]);
 * ```
 */
export function readS3Address(url: URL | string): S3Address {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username === "" && parsed.href.includes("@")) {
    throw wrong(
      "be a URL like s3://ACCESS:SECRET@HOST:9000/BUCKET, with both keys percent-encoded",
      "no such URL",
    );
  }
  if (parsed.protocol !== "s3:") throw wrong("begin with s3://", parsed.protocol);
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  if (host === "") throw wrong("name a host", "none");
  const bucket = decoded(parsed.pathname.slice(1).replace(/\/$/, ""), "a bucket");
  if (!BUCKET.test(bucket)) {
    throw wrong("name a bucket of 3 to 63 small letters, digits, dots and hyphens", `"${bucket}"`);
  }
  const accessKey = decoded(parsed.username, "an access key");
  const secretKey = decoded(parsed.password, "a secret key");
  if (accessKey === "" || secretKey === "") {
    throw wrong("have an access key and a secret key", accessKey === "" ? "no access key" : "no secret key");
  }
  const parameters = parsed.searchParams;
  for (const parameter of parameters.keys()) {
    if (!PARAMETERS.includes(parameter)) {
      throw wrong(`have no other parameters than ${PARAMETERS.join(", ")}`, parameter);
    }
  }
  const tls = parameters.get("tls");
  if (tls !== null && tls !== "true" && tls !== "false") throw wrong("have tls=true or tls=false", tls);
  const caFile = parameters.get("cafile") ?? undefined;
  if (caFile !== undefined && tls === "false") {
    throw wrong("have tls=true where it has a cafile", "tls=false");
  }
  const encrypted = tls === null
    ? caFile !== undefined || parsed.port === "" || parsed.port === "443"
    : tls === "true";
  const port = parsed.port === "" ? (encrypted ? 443 : 80) : Number(parsed.port);
  return {
    host,
    port,
    tls: encrypted,
    bucket,
    region: parameters.get("region") ?? "us-east-1",
    accessKey,
    secretKey,
    caFile,
    name: `s3://${parsed.hostname}:${port}/${bucket}`,
  };
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RangeError(
      `Cannot use the URL of the objects as it must name ${what}, percent-encoded: it is not`,
      { cause },
    );
  }
}

function wrong(required: string, current: string): RangeError {
  return new RangeError(
    `Cannot use the URL of the objects as it must ${required}: current value is ${current}`,
  );
}
