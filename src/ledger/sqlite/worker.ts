/**
 * The thread of an embedded ledger: what `openSqliteLedgerThread` starts, with the ledger's path.
 *
 * @module
 */
import { serveThread } from "../../runtime/thread.ts";
import { openSqliteLedger } from "./ledger.ts";

serveThread<string>((path) => openSqliteLedger(path));
