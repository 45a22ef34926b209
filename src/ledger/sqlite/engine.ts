import { checkDatabase, databasePermissions, type Engine } from "../../runtime/engine.ts";
import type { Ledger } from "../ledger.ts";

const pathOf = (url: string) => url.slice("sqlite:".length);

/** The embedded ledger, for one machine. */
export const sqliteLedger: Engine<Ledger> = {
  schemes: ["sqlite:"],
  example: "sqlite:PATH",
  home: import.meta.url,
  packages: ["node:sqlite"],
  permissions: (url, around) => databasePermissions(pathOf(url), around),
  async open(url, hooks) {
    await checkDatabase(pathOf(url), "ledger", hooks);
    if (hooks.inThread) return await (await import("./thread.ts")).openSqliteLedgerThread(pathOf(url));
    return (await import("./ledger.ts")).openSqliteLedger(pathOf(url));
  },
};
