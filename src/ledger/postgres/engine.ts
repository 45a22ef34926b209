import { asReadable, type Engine, netOf } from "../../runtime/engine.ts";
import type { Ledger } from "../ledger.ts";
import { readPostgresAddress } from "./address.ts";

/** Names that npm:pg reads. */
const ENVIRONMENT = [
  "PGBINARY",
  "PGOPTIONS",
  "PGSSLNEGOTIATION",
  "PGCLIENT_ENCODING",
  "PGREPLICATION",
  "PGAPPNAME",
  "PGCONNECT_TIMEOUT",
];

/** The ledger in PostgreSQL, for consumers on any number of machines. */
export const postgresLedger: Engine<Ledger> = {
  schemes: ["postgres://", "postgresql://"],
  example: "postgres://…",
  home: import.meta.url,
  packages: ["pg", "pg-copy-streams"],
  permissions: (url) =>
    asReadable(() => {
      const { sslRootCert, ...address } = readPostgresAddress(url);
      return {
        net: [netOf(address)],
        read: sslRootCert === undefined ? [] : [sslRootCert],
        env: ENVIRONMENT,
      };
    }),
  async open(url, { onRetry, onTrouble, mustExist }) {
    const { openPostgresLedger } = await import("./ledger.ts");
    return await openPostgresLedger(url, {
      onRetry,
      mustExist,
      onTrouble: onTrouble && ((error) => onTrouble(error.message)),
    });
  },
};
