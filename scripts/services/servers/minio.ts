import type { S3Service, Service } from "../../../src/testing/services.ts";
import type { ServiceDefinition } from "../definition.ts";
import { installStep } from "./install_step.ts";

/** The last version of MinIO before its repository was archived; a version of the Go module, built from source. */
const VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";
const BUCKET = "edgewood";

/**
 * MinIO, one node with one folder.
 *
 * Its maker publishes source only, so it is built by `go install` from the Go module proxy: three to five minutes on two
 * cores the first time, niced so that the other servers start meanwhile. Ready when `/minio/health/ready` says so.
 */
export const minio: ServiceDefinition = {
  name: "minio",
  title: "MinIO",
  firstPort: 29_410,
  portRoles: ["s3", "console"],
  stopSignal: "SIGTERM",
  stopDeadlineMs: 15_000,

  install: (context) =>
    installStep(`minio-${VERSION}`, context, {
      needs: { go: "install Go 1.24 or newer" },
      doing: "building MinIO from source (3 to 5 minutes the first time)",
      script: 'cd / && GOBIN=$1 CGO_ENABLED=0 nice -n 5 go install -trimpath -ldflags "-s -w" "$2"',
      args: [`github.com/minio/minio@${VERSION}`],
    }),

  version: () => VERSION,

  prepare: async ({ runDir, installDir, settings }) => {
    await Deno.mkdir(`${runDir}/data`, { recursive: true });
    const { ports, user, password } = settings;
    return {
      command: [
        `${installDir}/minio`,
        "server",
        "--quiet",
        `--address=127.0.0.1:${ports.s3}`,
        `--console-address=127.0.0.1:${ports.console}`,
        `--certs-dir=${runDir}/certs`,
        `${runDir}/data`,
      ],
      env: {
        MINIO_ROOT_USER: user,
        MINIO_ROOT_PASSWORD: password,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
        MINIO_CALLHOME_ENABLE: "off",
      },
    };
  },

  askReady: async ({ settings }) => {
    const url = `http://127.0.0.1:${settings.ports.s3}/minio/health/ready`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    if (response.status !== 200) {
      throw new Error(`${url} must answer 200: current value is ${response.status}`);
    }
  },

  describe: ({ settings: { ports, user, password } }): Omit<S3Service, keyof Service> & { url: string } => ({
    url: `s3://${user}:${password}@127.0.0.1:${ports.s3}/${BUCKET}`,
    endpoint: `http://127.0.0.1:${ports.s3}`,
    bucket: BUCKET,
  }),
};
