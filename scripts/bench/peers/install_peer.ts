import { createHash } from "node:crypto";
import { installStep } from "../../services/servers/install_step.ts";

/** What can be installed, and the Python packages of it; versions are in requirements.txt. */
export const PEER_PACKAGES = {
  "scikit-learn": ["scikit-learn"],
  coniferest: ["coniferest"],
  isotree: ["isotree", "numpy", "pandas", "scipy"],
  spark: ["pyspark", "pandas", "pyarrow", "scikit-learn"],
} as const;

export type PeerName = keyof typeof PEER_PACKAGES;

const CACHE = new URL("../../../.services/cache", import.meta.url).pathname;
const REQUIREMENTS = new URL("./requirements.txt", import.meta.url).pathname;
const JARS = new URL("./pom.xml", import.meta.url).pathname;

/**
 * Installs a peer's Python packages with pip into `.services/cache`, unless they are there.
 *
 * @returns The folder, to be named by `PYTHONPATH`.
 * @throws UnavailableError with the reason if it cannot be installed here.
 */
export async function installPeer(name: PeerName): Promise<string> {
  const packages = PEER_PACKAGES[name];
  return await installStep(await folderName(`peer-${name}`, REQUIREMENTS), {
    cacheDir: CACHE,
    report: (line) => console.error(`${name}: ${line}`),
  }, {
    needs: { python3: "install Python 3.11" },
    doing: `fetching ${packages.join(", ")} with pip`,
    script: 'target=$1; constraints=$2; shift 2; python3 -m pip install --no-input --target "$target" ' +
      '--constraint "$constraints" "$@"',
    args: [REQUIREMENTS, ...packages],
  });
}

/**
 * Fetches Spark's connectors for Kafka and S3 with Maven, unless they are there.
 *
 * @returns The folder that they are in.
 * @throws UnavailableError with the reason if they cannot be fetched here.
 */
export async function installSparkJars(): Promise<string> {
  return await installStep(await folderName("peer-spark-jars", JARS), {
    cacheDir: CACHE,
    report: (line) => console.error(`spark: ${line}`),
  }, {
    needs: { java: "install a Java runtime, 8, 11 or 17", mvn: "install Maven" },
    doing: "fetching Spark's connectors with Maven",
    script: 'cp "$2" "$1/pom.xml" && mvn --quiet --batch-mode -f "$1/pom.xml" dependency:copy-dependencies ' +
      '-DincludeScope=runtime -DoutputDirectory="$1"',
    args: [JARS],
  });
}

/** A name that changes with the versions in a file. */
async function folderName(name: string, versions: string): Promise<string> {
  const hash = createHash("sha256").update(await Deno.readFile(versions)).digest("hex");
  return `${name}-${hash.slice(0, 8)}`;
}
