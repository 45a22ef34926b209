/**
 * The formats of objects.
 *
 * @module
 */
import type { ObjectCut } from "../../ledger/ledger.ts";
import { encodeParquet } from "./parquet.ts";

/** Turns verdicts into the bytes of an object; the same verdicts always give the same bytes. */
export interface ObjectEncoder {
  /** Its name, which is also the ending of the object's key. */
  format: ObjectCut["format"];
  /** Writes verdicts that are given as lines in UTF-8, in offset order, each with a line feed behind it. */
  encode(lines: Uint8Array): Uint8Array;
}

/** NDJSON, one verdict a line, and Parquet, one verdict a row. */
export const objectEncoders: Readonly<Record<ObjectCut["format"], ObjectEncoder>> = {
  ndjson: { format: "ndjson", encode: (lines) => lines },
  parquet: {
    format: "parquet",
    encode: (lines) => encodeParquet(new TextDecoder().decode(lines).split("\n").slice(0, -1)),
  },
};
