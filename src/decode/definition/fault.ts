/** What is wrong with the value of one field: what it must be, and what it is. */
export class Fault extends Error {
  /** Name of the class, as stacks show it. */
  override readonly name = "Fault";

  /** Names what the value must be. */
  constructor(must: string, value: unknown) {
    super(`must be ${must}: current value is ${shown(value)}`);
  }
}

/** A value as messages show it, at most 80 characters. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(
    typeof value === "string" ? value.slice(0, 80) : value,
    (_, inner) => typeof inner === "bigint" ? String(inner) : inner,
  );
  return String(text).slice(0, 80);
}
