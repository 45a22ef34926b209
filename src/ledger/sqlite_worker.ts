/**
 * The thread of an embedded ledger: what `openSqliteLedgerThread` starts, with the ledger's path.
 *
 * @module
 */
import { serveThread } from "../thread.ts";
import { openSqliteLedger } from "./sqlite.ts";

serveThread<string>((path) => openSqliteLedger(path));
