/**
 * Images of the names that docker-compose.yml asks for, made of packages, where no registry of images can be reached.
 *
 * They stand in for the real ones: the same programs and settings, the same users and folders. What is tested with them is
 * the file and Edgewood's own image.
 *
 * @module
 */
import type { InstallContext } from "../../services/definition.ts";
import { installStep } from "../../services/servers/install_step.ts";
import { kafka } from "../../services/servers/kafka.ts";
import { minio } from "../../services/servers/minio.ts";
import { shell } from "../../services/shell.ts";

const MC = "github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9";

/** Turns KAFKA_A_B__C___D into a.b_c-d, as the real image does, formats the folder and runs the broker. */
const KAFKA_RUN = `#!/bin/bash
set -e
config=/opt/kafka/config/server.properties
env | grep ^KAFKA_ | grep -v -e ^KAFKA_HEAP_OPTS | while IFS='=' read -r name value; do
  key=$(tr A-Z a-z <<<"\${name#KAFKA_}" | sed -e 's/___/-/g' -e 's/__/\\x01/g' -e 's/_/./g' -e 's/\\x01/_/g')
  echo "$key=$value"
done >$config
java() { exec /usr/bin/java $KAFKA_HEAP_OPTS -cp '/opt/kafka/lib/*' "$@"; }
(java kafka.tools.StorageTool format --ignore-formatted -t ZWRnZXdvb2QtY2hlY2stMQ -c $config)
java kafka.Kafka $config
`;
/** Whether the broker listens; the real program needs jars that the broker does not. */
const KAFKA_VERSIONS = `#!/bin/bash
exec 3<>"/dev/tcp/\${2/://}"
`;
const POSTGRES_RUN = `#!/bin/bash
set -e
export PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data/main
[ $# = 0 ] || exec "$@"
if [ ! -d $PGDATA ]; then
  initdb -E UTF8 -U postgres --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(echo "$POSTGRES_PASSWORD")
  echo 'host all all all scram-sha-256' >>$PGDATA/pg_hba.conf
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
`;

/** Lines of a Containerfile after the first, by the image's name without its tag. */
const IMAGES: Readonly<Record<string, string>> = {
  "denoland/deno": `
    COPY deno /bin/deno
    COPY ca.crt /etc/ssl/certs/ca-certificates.crt
    RUN useradd --uid 1993 deno && mkdir /deno-dir && chown deno /deno-dir
    ENV DENO_DIR=/deno-dir NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`,
  "apache/kafka": `
    COPY kafka/lib /opt/kafka/lib
    COPY kafka-run /etc/kafka/docker/run
    COPY kafka-versions /opt/kafka/bin/kafka-broker-api-versions.sh
    RUN useradd --uid 1000 appuser && mkdir -p /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data && \\
      chmod +x /etc/kafka/docker/run /opt/kafka/bin/* && chown -R appuser /opt/kafka/config /opt/kafka/logs /var/lib/kafka
    USER appuser
    CMD ["/etc/kafka/docker/run"]`,
  "pgsty/minio": `
    COPY minio /usr/bin/minio
    ENTRYPOINT ["/usr/bin/minio"]`,
  "pgsty/mc": `
    COPY mc /usr/bin/mc
    ENTRYPOINT ["/usr/bin/mc"]`,
  "postgres": `
    COPY postgres-run /usr/local/bin/docker-entrypoint.sh
    RUN chmod +x /usr/local/bin/docker-entrypoint.sh && mkdir -p /var/lib/postgresql/data && \\
      install -d -o postgres -m 3777 /run/postgresql && chown postgres /var/lib/postgresql/data
    ENTRYPOINT ["docker-entrypoint.sh"]`,
};

/**
 * Builds those of the images that this machine lacks.
 *
 * @param names With tags, such as `postgres:17.11-alpine3.24`.
 * @throws UnavailableError where a part cannot be had; Error where an image has no stand-in.
 */
export async function makeStandIns(names: readonly string[], context: InstallContext): Promise<void> {
  const missing: string[] = [];
  for (const name of names) {
    if ((await shell('podman image exists "docker.io/$1"', [fullName(name)])).code !== 0) missing.push(name);
  }
  if (missing.length === 0) return;
  const folder = await gatherPrograms(context);
  for (const name of missing) {
    const lines = IMAGES[name.split(":")[0]];
    if (lines === undefined) throw new Error(`No stand-in is known for the image ${name}`);
    context.report(`making a stand-in for ${name} of packages`);
    await Deno.writeTextFile(`${folder}/Containerfile`, `FROM localhost/edgewood-base\n${lines}\n`);
    const { code, stderr } = await shell(
      'podman build --quiet --network host --tag "docker.io/$2" "$1"',
      [folder, fullName(name)],
    );
    if (code !== 0) throw new Error(`the stand-in for ${name} cannot be built: ${stderr}`);
  }
}

function fullName(name: string): string {
  return name.includes("/") ? name : `library/${name}`;
}

/** A folder with the programs and scripts that the images copy; the base image is imported, too. */
async function gatherPrograms(context: InstallContext): Promise<string> {
  const system = await installStep("compose-base-bookworm", context, {
    needs: { debootstrap: "install it, as by apt-get install debootstrap", podman: "install it" },
    doing: "making a base image of Debian's packages",
    script:
      'debootstrap --variant=minbase --include=curl,openjdk-17-jre-headless,postgresql bookworm "$1/root" && ' +
      'tar -C "$1/root" -cf "$1/root.tar" . && rm -rf "$1/root"',
  });
  const client = await installStep("compose-mc", context, {
    needs: { go: "install Go 1.24 or newer" },
    doing: "building MinIO's client from source",
    script: 'cd / && GOBIN=$1 CGO_ENABLED=0 nice -n 5 go install -trimpath -ldflags "-s -w" "$2"',
    args: [MC],
  });
  const folder = `${context.cacheDir}/compose-programs`;
  await Deno.mkdir(folder, { recursive: true });
  const files = { "kafka-run": KAFKA_RUN, "kafka-versions": KAFKA_VERSIONS, "postgres-run": POSTGRES_RUN };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  const { code, stderr } = await shell(
    `cd "$1" && cp -r "$2" kafka && cp "$3/minio" "$4/mc" "$5" . && cp /etc/ssl/certs/ca-certificates.crt ca.crt &&
      { podman image exists localhost/edgewood-base || podman import "$6/root.tar" localhost/edgewood-base; }`,
    [folder, await kafka.install(context), await minio.install(context), client, Deno.execPath(), system],
  );
  if (code !== 0) throw new Error(`the parts of the images cannot be gathered: ${stderr}`);
  return folder;
}
