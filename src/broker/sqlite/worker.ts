/**
 * The thread that writes to an embedded stream: what `openSqliteBrokerThread` starts, with the stream's path.
 *
 * @module
 */
import { serveThread } from "../../runtime/thread.ts";
import { openSqliteStreamWriter } from "./writer.ts";

serveThread<string>((path) => openSqliteStreamWriter(path));
