import { decodeJsonObject } from "../json.ts";
import type { RecordFormat } from "./format.ts";

/** JSON objects in UTF-8, as strictly as the project's own records. */
export const jsonFormat: RecordFormat = { read: (bytes) => decodeJsonObject(bytes).fields };
