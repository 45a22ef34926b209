import { serveThread } from "../../runtime/thread.ts";
import { openSqliteStreamWriter } from "./writer.ts";

// The thread that `openSqliteBrokerThread` starts, with the path of the stream.
serveThread<string>((path) => openSqliteStreamWriter(path));
