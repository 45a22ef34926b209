import type { PostgresService, Service } from "../../../src/testing/services.ts";
import { authorityFile } from "./certificates.ts";
import {
  type RunContext,
  type ServiceDefinition,
  type ServiceSettings,
  UnavailableError,
} from "../definition.ts";
import { readProcessTable } from "../process_table.ts";
import { shell } from "../shell.ts";

const DATABASE = "edgewood";
const TLS_ONLY_DATABASE = "edgewood_tls";

/** Finds the newest server: where Debian, Red Hat and PATH put it. Prints the folder of its programs. */
const FIND =
  `for program in $(ls -d /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null | sort -rV) \
  "$(command -v initdb)"; do
  if [ -x "$program" ] && "$program" --version >/dev/null; then dirname "$(readlink -f "$program")"; exit 0; fi
done; exit 1`;

/** RUNLEVEL=1 keeps the package from starting a server of its own. */
const INSTALL = `export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
command -v apt-get >/dev/null || { echo "this system has no apt-get" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "only root can install Debian's postgresql package" >&2; exit 1; }
{ apt-get update -q && apt-get install -q -y --no-install-recommends postgresql; } >"$1" 2>&1 ||
  { grep -E '^E:' "$1" | tail -n 1 >&2; exit 1; }`;

/**
 * Prefix that runs a program as the user postgres when we are root, whom the server refuses. Where that user may not
 * enter the checkout (a home folder of root), it keeps root's right to pass and read folders, and nothing else.
 */
async function asServerUser(folder: string): Promise<string[]> {
  if ((await shell("id -u")).stdout !== "0") return [];
  const plain = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"];
  const passing = [
    ...plain,
    "--inh-caps=+dac_read_search,+dac_override",
    "--ambient-caps=+dac_read_search,+dac_override",
  ];
  for (const prefix of [plain, passing]) {
    if ((await shell('exec "$@"', [...prefix, "ls", folder])).code === 0) return prefix;
  }
  throw new Error(
    `Cannot run PostgreSQL as the user postgres must be able to enter ${folder}: current value is no access`,
  );
}

/** Returns `postgresql.conf` for one server on 127.0.0.1 with TLS beside plain text, durable as by default. */
export function postgresConfiguration(
  runDir: string,
  port: number,
  tls: { keyFile: string; certificateFile: string },
): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return Object.entries({
    listen_addresses: quote("127.0.0.1"),
    port: String(port),
    unix_socket_directories: quote(""),
    hba_file: quote(`${runDir}/pg_hba.conf`),
    ssl: "on",
    ssl_key_file: quote(tls.keyFile),
    ssl_cert_file: quote(tls.certificateFile),
    password_encryption: quote("scram-sha-256"),
    max_connections: "200",
    timezone: quote("UTC"),
    log_timezone: quote("UTC"),
    log_line_prefix: quote("%m [%p] %q%u@%d "),
    // What a standby that was away for a while still needs.
    wal_keep_size: quote("256MB"),
  }).map(([name, value]) => `${name} = ${value}\n`).join("");
}

const HOST_RULES = `hostnossl ${TLS_ONLY_DATABASE} all all reject
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`;

/** Makes the data folder; `$1` runDir, `$2` owner or empty, `$3` programs, `$4` user, then the prefix of {@link asServerUser}. */
const INITDB = `run=$1; owner=$2; bin=$3; user=$4; shift 4
rm -rf "$run/data.new" && mkdir "$run/data.new" && chmod 700 "$run/data.new" && ( umask 077 && printf '%s' "$PASSWORD" >"$run/pw" ) &&
if [ -n "$owner" ]; then chown "$owner" "$run/data.new" "$run/pw"; fi &&
"$@" "$bin/initdb" -D "$run/data.new" --username="$user" --pwfile="$run/pw" --auth=scram-sha-256 --encoding=UTF8 --locale=C \
  >"$run/initdb.log" 2>&1 && rm -f "$run/pw" &&
printf 'CREATE DATABASE ${DATABASE};\\nCREATE DATABASE ${TLS_ONLY_DATABASE};\\n' |
  "$@" "$bin/postgres" --single -D "$run/data.new" postgres >>"$run/initdb.log" 2>&1 && mv "$run/data.new" "$run/data"`;

/** Copies the primary's data folder; the same parameters as {@link INITDB}, with the primary's port behind the user. */
const BASEBACKUP = `run=$1; owner=$2; bin=$3; user=$4; port=$5; shift 5
rm -rf "$run/data.new" && mkdir "$run/data.new" && chmod 700 "$run/data.new" &&
if [ -n "$owner" ]; then chown "$owner" "$run/data.new"; fi &&
"$@" "$bin/pg_basebackup" -h 127.0.0.1 -p "$port" -U "$user" -w -D "$run/data.new" -R -X stream -c fast \
  >"$run/initdb.log" 2>&1 && mv "$run/data.new" "$run/data"`;

/**
 * Removes the lock of a killed server. The server itself would be put off by a zombie and, once process ids come round
 * again, by a stranger; a living PostgreSQL server it has to find.
 */
async function dropStaleLock(dataDir: string): Promise<void> {
  const lock = `${dataDir}/postmaster.pid`;
  let text: string;
  try {
    text = await Deno.readTextFile(lock);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const holder = (await readProcessTable()).get(Number.parseInt(text));
  if (holder === undefined || !/^(postgres|postmaster)/.test(holder.command)) await Deno.remove(lock);
}

async function must(action: string, result: ReturnType<typeof shell>): Promise<void> {
  const { code, stderr } = await result;
  if (code !== 0) {
    throw new Error(`Cannot ${action} as it must succeed: current value is exit code ${code}, ${stderr}`);
  }
}

/**
 * PostgreSQL, plain text and TLS on one port.
 *
 * The server is the newest one installed; where there is none and we are root, Debian's package is installed. Since
 * the server refuses root, it then runs as the user postgres. Ready when `select 1` answers. It is stopped with SIGINT,
 * which ends its sessions; SIGTERM would wait for them for ever.
 */
export const postgres: ServiceDefinition = {
  name: "postgres",
  title: "PostgreSQL",
  firstPort: 29_450,
  portRoles: ["sql"],
  stopSignal: "SIGINT",
  stopDeadlineMs: 15_000,

  install: async ({ cacheDir, report }) => {
    const found = await shell(FIND);
    if (found.code === 0) {
      const { code } = await shell('[ "$(id -u)" != 0 ] || { id -u postgres && command -v setpriv; }');
      if (code === 0) return found.stdout;
      throw new UnavailableError(
        "root needs the user postgres and the program setpriv to run it, and one is missing",
      );
    }
    report("installing Debian's postgresql package");
    const { code, stderr } = await shell(INSTALL, [`${cacheDir}/postgresql.log`]);
    if (code !== 0) {
      throw new UnavailableError(`no PostgreSQL server is installed and ${stderr || "apt-get failed"}`);
    }
    const installed = await shell(FIND);
    if (installed.code !== 0) throw new UnavailableError("the postgresql package brought no initdb");
    return installed.stdout;
  },

  version: (installDir) => /(\d+(\.\d+)*)\/bin$/.exec(installDir)?.[1] ?? "unknown",

  prepare: async (context) => {
    const { runDir, installDir, settings: { ports }, authority } = context;
    const { user, password } = loginOf(context);
    const primary = context.peers.postgres1;
    const prefix = await asServerUser(runDir);
    const owner = prefix.length > 0 ? "postgres" : "";
    const tls = await (await authority()).issue(`${runDir}/tls`);
    const configurationFile = `${runDir}/postgresql.conf`;
    await Deno.writeTextFile(configurationFile, postgresConfiguration(runDir, ports.sql, tls));
    await Deno.writeTextFile(`${runDir}/pg_hba.conf`, HOST_RULES);
    await must(
      "give PostgreSQL its key",
      shell('if [ -n "$1" ]; then chown "$1" "$2" "$2"/*; fi', [owner, `${runDir}/tls`]),
    );
    const [script, ...source] = primary === undefined || primary.ports.sql === ports.sql
      ? [INITDB]
      : [BASEBACKUP, String(primary.ports.sql)];
    await must(
      `make the data folder (${runDir}/initdb.log)`,
      shell(`[ -d "$1/data" ] && exit 0\n${script}`, [
        ...[runDir, owner, installDir, user, ...source],
        ...prefix,
      ], { env: { PASSWORD: password, PGPASSWORD: password, LC_ALL: "C" } }),
    );
    await dropStaleLock(`${runDir}/data`);
    return {
      command: [
        ...prefix,
        `${installDir}/postgres`,
        "-D",
        `${runDir}/data`,
        "-c",
        `config_file=${configurationFile}`,
      ],
    };
  },

  askReady: async (context) => {
    const { code, stdout, stderr } = await query(context, "select 1");
    if (code !== 0 || stdout !== "1") {
      throw new Error(
        `"select 1" must answer 1: current value is ${stderr || stdout || `exit code ${code}`}`,
      );
    }
  },

  describe: (context): Omit<PostgresService, keyof Service> & { url: string } => {
    const caFile = authorityFile(context.runDir);
    const { user, password } = loginOf(context);
    const url = `postgres://${user}:${password}@127.0.0.1:${context.settings.ports.sql}/${DATABASE}`;
    return {
      url,
      database: DATABASE,
      tlsUrl: `${url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}`,
      tlsOnlyDatabase: TLS_ONLY_DATABASE,
      caFile,
    };
  },
};

/** The primary of a cluster. */
export const postgresPrimary: ServiceDefinition = {
  ...postgres,
  name: "postgres1",
  title: "PostgreSQL's primary",
  firstPort: 29_480,
  peers: ["postgres1", "postgres2"],
};

/** Its standby: it follows by streaming, without being waited for, and can be promoted. */
export const postgresStandby: ServiceDefinition = {
  ...postgresPrimary,
  name: "postgres2",
  title: "PostgreSQL's standby",
  firstPort: 29_482,
  after: ["postgres1"],
  promote: (context) => must("promote the standby", query(context, "select pg_promote(true, 60)")),
};

/** User and password: a standby has those of its primary. */
function loginOf({ settings, peers }: RunContext): Pick<ServiceSettings, "user" | "password"> {
  return peers.postgres1 ?? settings;
}

function query(context: RunContext, sql: string): ReturnType<typeof shell> {
  const { user, password } = loginOf(context);
  return shell(
    'PATH="$1:$PATH" psql -X -q -A -t -h 127.0.0.1 -p "$2" -U "$3" -d "$4" -w -c "$5"',
    [context.installDir, String(context.settings.ports.sql), user, DATABASE, sql],
    { env: { PGPASSWORD: password, PGCONNECT_TIMEOUT: "2", PGSSLMODE: "disable" } },
  );
}
