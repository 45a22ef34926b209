import { TransactionError } from "../../domain/transaction.ts";
import type { StreamDefinition } from "./definition.ts";
import { parsePath, valueAt } from "./path.ts";

/** Operations of Debezium that are new rows: created, or read by a snapshot. */
const NEW_ROWS: ReadonlySet<unknown> = new Set(["c", "r"]);

/**
 * Makes the function that takes the transaction out of a record's value: `null` for a record that is passed over.
 *
 * Of Debezium new rows count; updates, deletes and truncations are passed over, as they are no new transactions.
 *
 * @throws TransactionError (the function) where the value has no such envelope.
 */
export function unwrapper(
  unwrap: StreamDefinition["unwrap"],
): (root: unknown, headers: () => Readonly<Record<string, string>>) => unknown {
  if (unwrap === undefined) return (root) => root;
  if (typeof unwrap === "object") {
    const path = parsePath(unwrap.path);
    return (root) => valueAt(root, path) ?? missing(unwrap.path);
  }
  if (unwrap === "connect") return (root) => inner(root, "payload") ?? missing("payload");
  if (unwrap === "debezium") return debezium;
  // Structured mode has the event around the data, binary mode has it in headers.
  return (root, headers) => {
    if (inner(root, "specversion") !== undefined) return inner(root, "data") ?? missing("data");
    return headers().ce_specversion !== undefined ? root : missing("specversion");
  };
}

function debezium(root: unknown): unknown {
  const envelope = inner(root, "payload") ?? root;
  const op = inner(envelope, "op") ?? missing("op");
  return NEW_ROWS.has(op) ? inner(envelope, "after") ?? missing("after") : null;
}

function inner(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] ?? undefined
    : undefined;
}

function missing(name: string): never {
  throw new TransactionError(
    "missing-field",
    `Cannot unwrap the record as it must have ${name}: it has none`,
  );
}
