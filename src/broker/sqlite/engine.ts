import { checkDatabase, databasePermissions, type Engine } from "../../runtime/engine.ts";
import type { Broker } from "../broker.ts";

const pathOf = (url: string) => url.slice("sqlite:".length);

/** The embedded stream, for one machine. */
export const sqliteStream: Engine<Broker> = {
  schemes: ["sqlite:"],
  example: "sqlite:PATH",
  home: import.meta.url,
  packages: ["node:sqlite"],
  permissions: (url, around) => databasePermissions(pathOf(url), around),
  async open(url, hooks) {
    await checkDatabase(pathOf(url), "stream", hooks);
    if (hooks.inThread) return await (await import("./thread.ts")).openSqliteBrokerThread(pathOf(url));
    return (await import("./broker.ts")).openSqliteBroker(pathOf(url));
  },
};
