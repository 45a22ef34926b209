/**
 * The thread that writes to an embedded stream: what `openSqliteBrokerThread` starts, with the stream's path.
 *
 * @module
 */
import { serveThread } from "../thread.ts";
import { openSqliteStreamWriter } from "./sqlite_writer.ts";

serveThread<string>((path) => openSqliteStreamWriter(path));
