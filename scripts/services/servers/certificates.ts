import { shell } from "../shell.ts";
import { UnavailableError } from "../definition.ts";

/** A certificate authority of this checkout, for tests on loopback only. */
export interface Authority {
  /** PEM file of its certificate: what a client must trust. */
  caFile: string;
  /**
   * Writes `server.key` (PKCS #8) and `server.crt` into `folder` for localhost and 127.0.0.1, unless they are there and
   * signed by this authority, and returns their paths.
   */
  issue(folder: string): Promise<{ keyFile: string; certificateFile: string }>;
}

/** Returns the path of the authority's certificate, which lies beside the run folders of the servers. */
export function authorityFile(runDir: string): string {
  return `${runDir.slice(0, runDir.lastIndexOf("/"))}/tls/ca.crt`;
}

const MAKE_CA = `umask 077 && cd "$1" &&
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -sha256 \
  -subj "/CN=Edgewood test authority" -keyout ca.key -out ca.new && chmod 644 ca.new && mv ca.new ca.crt`;

const ISSUE = `umask 077 && cd "$2" &&
if [ -s server.key ] && openssl verify -CAfile "$1/ca.crt" server.crt >/dev/null 2>&1; then exit 0; fi
printf '%s\\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'basicConstraints=CA:FALSE' \
  'keyUsage=digitalSignature' 'extendedKeyUsage=serverAuth' >server.ext &&
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=localhost" \
  -keyout server.key -out server.csr &&
openssl x509 -req -in server.csr -CA "$1/ca.crt" -CAkey "$1/ca.key" -set_serial "0x$(openssl rand -hex 16)" -days 3650 \
  -sha256 -extfile server.ext -out server.new && mv server.new server.crt && rm server.csr server.ext`;

async function openssl(script: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await shell(script, args);
  if (code === 0) return;
  if ((await shell("command -v openssl")).code !== 0) {
    throw new UnavailableError("the program openssl is not installed; install openssl 1.1.1 or newer");
  }
  throw new Error(
    `Cannot make a certificate as the program openssl (1.1.1 or newer) must succeed: ` +
      `current value is exit code ${code}, ${stderr.split("\n").at(-1)}`,
  );
}

/**
 * Opens the certificate authority kept in `folder`, making one (P-256, 10 years) on the first call.
 *
 * Keys are readable by their owner alone. Throws an UnavailableError when openssl is absent and an
 * Error when it fails.
 */
export async function openAuthority(folder: string): Promise<Authority> {
  await Deno.mkdir(folder, { recursive: true });
  const caFile = `${folder}/ca.crt`;
  try {
    await Deno.stat(caFile);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await openssl(MAKE_CA, folder);
  }
  return {
    caFile,
    async issue(target) {
      await Deno.mkdir(target, { recursive: true });
      await openssl(ISSUE, folder, target);
      return { keyFile: `${target}/server.key`, certificateFile: `${target}/server.crt` };
    },
  };
}
