/**
 * The formats of objects.
 *
 * @module
 */
import type { FlaggedTransaction, ObjectCut } from "../ledger/ledger.ts";
import { encodeParquet } from "../objects/parquet.ts";

/** Turns rows into the bytes of an object; the same rows always give the same bytes. */
export interface ObjectEncoder {
  /** Its name, which is also the ending of the object's key. */
  format: ObjectCut["format"];
  /** Writes the rows, in offset order. */
  encode(rows: readonly FlaggedTransaction[]): Uint8Array;
}

/** NDJSON, one verdict a line, and Parquet, one verdict a row. */
export const objectEncoders: Readonly<Record<ObjectCut["format"], ObjectEncoder>> = {
  ndjson: {
    format: "ndjson",
    encode: (rows) => new TextEncoder().encode(rows.map(({ verdict }) => `${verdict}\n`).join("")),
  },
  parquet: { format: "parquet", encode: (rows) => encodeParquet(rows.map(({ verdict }) => verdict)) },
};
