import { ALERT_CHANNELS, ENGINES, openBroker, openLedger, openObjects } from "../../../src/adapters.ts";
import { DEFAULTS, ENVIRONMENT, LOGINS, PUBLIC_URL, SECRET_SETTINGS } from "../../../src/config.ts";
import { prose, table } from "./table.ts";

const MEANINGS: Readonly<Record<keyof typeof ENVIRONMENT, string>> = {
  stream: "where transactions and labels come from",
  ledger: "where verdicts are committed",
  objects: "where flagged transactions are stored",
  model: "folder of the model",
  kafkaClient: "package that speaks to Kafka: kafkajs or platformatic",
};

/** A server's address: its form, a URL with a parameter that nobody knows, and the parameters that there are. */
interface AddressForm {
  form: string;
  probe(): Promise<unknown>;
  parameters: Readonly<Record<string, string>>;
}

const FORMS: readonly AddressForm[] = [
  {
    form: "kafka://[user:password@]host[:9092][,host:port…]",
    probe: () => openBroker("kafka://host?unknown=1"),
    parameters: {
      sasl:
        "how to log in: plain (beyond this machine only where `tls` is written), scram-sha-256 or scram-sha-512",
      tls: "true encrypts; the default if `ca` is given",
      ca: "PEM file of the authority to trust instead of the system's",
      client_id: "name shown to the brokers; edgewood",
      compression: "of what is produced: none (default), gzip, snappy, lz4 or zstd",
    },
  },
  {
    form: "postgres://user[:password]@host[:5432]/database",
    probe: () => openLedger("postgres://user@host/database?unknown=1"),
    parameters: {
      sslmode: "disable (default), require, verify-ca or verify-full (the default if `sslrootcert` is given)",
      sslrootcert: "PEM file of the authority that signed the server's certificate",
      schema: "schema of the tables; edgewood",
      application_name: "name shown to the server; edgewood",
      retention_days: "whole days of the transaction log to keep; all unless given",
    },
  },
  {
    form: "s3://access:secret@host[:port]/bucket",
    probe: () => openObjects("s3://access:secret@host/bucket?unknown=1"),
    parameters: {
      region: "region of the signature; us-east-1",
      tls: "true or false; true by default on port 443 or without a port",
      cafile: "PEM file of the authority that signed the server's certificate; turns TLS on",
    },
  },
];

/** The page of settings: names of the environment, flags, defaults, and the forms of the URLs. */
export async function settingsPage(): Promise<string> {
  const rows = (Object.keys(ENVIRONMENT) as (keyof typeof ENVIRONMENT)[]).map((key) => [
    `\`${ENVIRONMENT[key]}\``,
    key === "kafkaClient" ? "" : `\`--${key}\``,
    DEFAULTS[key],
    MEANINGS[key],
  ]);
  for (const [engine, [user, password]] of Object.entries(LOGINS)) {
    const [one, other] = engine === "objects" ? ["access key", "secret key"] : ["user", "password"];
    rows.push([`\`${user}\``, "", "", `${one} of \`--${engine}\`, where its URL has no password`]);
    rows.push([`\`${password}\``, "", "", `${other} of \`--${engine}\`, where its URL has none`]);
  }
  for (const { name, addresses, secrets } of ALERT_CHANNELS) {
    if (addresses !== undefined) {
      const { environment, flag } = addresses;
      const meaning = `addresses of the channel ${name}, separated by commas or white space`;
      rows.push([`\`${environment}\``, `\`${flag.split(" ")[0]}\``, "", meaning]);
    }
    if (secrets !== undefined) {
      const meaning = `secrets that ${name} alerts are signed with, the newest first, separated by commas`;
      rows.push([`\`${secrets}\``, "", "", meaning]);
    }
  }
  rows.push([`\`${PUBLIC_URL}\``, "`--public-url`", "", "address of the page, for links in alerts"]);
  return [
    "# Settings",
    prose(
      "A flag wins over the environment, the environment over the default. Secrets belong into the environment, or into " +
        "files: what is marked with a star may be set as `NAME_FILE`, the path of a file that holds the value.",
    ),
    table(
      ["environment", "flag", "default", "meaning"],
      rows.map(([name, ...cells]) => [SECRET_SETTINGS.has(name.slice(1, -1)) ? `${name} *` : name, ...cells]),
    ),
    "## Addresses",
    table(
      ["setting", "forms"],
      Object.entries(ENGINES).map(([name, { engines }]) => [
        `\`--${name}\``,
        [...new Set(engines.map(({ example }) => `\`${example}\``))].join(" or "),
      ]),
    ),
    "`sqlite:` and `file:` take a path. Percent-encode `@`, `/`, `:` and `%` in names and passwords.",
    ...await Promise.all(FORMS.map(parameterTable)),
  ].join("\n\n");
}

/**
 * The parameters of one form.
 *
 * @throws Error if they are not those that the adapter names when it refuses another one.
 */
async function parameterTable({ form, probe, parameters }: AddressForm): Promise<string> {
  const refusal = await probe().then(() => "nothing", (error: Error) => error.message);
  const taken = /parameters (?:must be of|than) ([\w, ]+):/.exec(refusal)?.[1];
  const known = Object.keys(parameters).join(", ");
  if (taken !== known) {
    throw new Error(`${form} has the parameters ${known} here, and the adapter says: ${refusal}`);
  }
  const rows = Object.entries(parameters).map(([name, meaning]) => [`\`${name}\``, meaning]);
  return `### ${form.split(":")[0]}\n\n\`${form}\`\n\n${table(["parameter", "meaning"], rows)}`;
}
