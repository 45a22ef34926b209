import { type Engine, fileIn, hostOf } from "../../runtime/engine.ts";
import type { Ledger } from "../ledger.ts";

/** The ledger in PostgreSQL, for consumers on any number of machines. */
export const postgresLedger: Engine<Ledger> = {
  schemes: ["postgres://", "postgresql://"],
  example: "postgres://…",
  home: import.meta.url,
  packages: ["pg", "pg-copy-streams"],
  permissions: (url) => ({
    net: [hostOf(url, 5432)],
    read: fileIn(url, "sslrootcert"),
    env: [
      "PGBINARY",
      "PGOPTIONS",
      "PGSSLNEGOTIATION",
      "PGCLIENT_ENCODING",
      "PGREPLICATION",
      "PGAPPNAME",
      "PGCONNECT_TIMEOUT",
    ],
  }),
  async open(url, { onRetry, onTrouble }) {
    const { openPostgresLedger } = await import("./ledger.ts");
    return await openPostgresLedger(url, {
      onRetry,
      onTrouble: onTrouble && ((error) => onTrouble(error.message)),
    });
  },
};
