import type { RequestOptions } from "node:http";
import { signV4 } from "minio/signing";

/** The keys that requests are signed with. */
export interface SigningKeys {
  accessKey: string;
  secretKey: string;
}

/**
 * The server's clock, as far as it is known to differ from this machine's.
 *
 * S3 refuses a request whose signed time is 15 minutes off. Where a clock was set wrong, nothing would be stored until a
 * person sets it right; so the server's time, which a refusal tells, is signed from then on, as Amazon's clients do.
 */
export class ServerClock {
  readonly #keys: SigningKeys;
  #aheadMs = 0;

  /** Begins with this machine's time. */
  constructor(keys: SigningKeys) {
    this.#keys = keys;
  }

  /** Takes the server's time from the `Date` header of its refusal; nothing changes where it gave none. */
  learn(date: string | undefined): void {
    const serverMs = Date.parse(date ?? "");
    if (!Number.isNaN(serverMs)) this.#aheadMs = serverMs - Date.now();
  }

  /** The request, signed anew where the server's time is another. */
  sign<T extends RequestOptions>(request: T): T {
    const headers = { ...request.headers as Record<string, string> };
    const region = /Credential=[^,]*\/\d{8}\/([^/]*)\/s3\//.exec(headers.authorization ?? "")?.[1];
    if (this.#aheadMs === 0 || region === undefined) return request;
    const date = new Date(Date.now() + this.#aheadMs);
    headers["x-amz-date"] = date.toISOString().replace(/[-:]|\.\d+/g, "");
    const signed = { ...request, headers };
    const { accessKey, secretKey } = this.#keys;
    // deno-lint-ignore no-explicit-any -- npm:minio's own type of a request is not exported
    const ofMinio = signed as any;
    headers.authorization = signV4(
      ofMinio,
      accessKey,
      secretKey,
      region,
      date,
      headers["x-amz-content-sha256"],
    );
    return signed;
  }
}
