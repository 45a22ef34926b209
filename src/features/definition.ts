import type { PartColumns, RowState, StatePart } from "./state/part.ts";

/**
 * Which end of a feature is suspicious; `both` leaves the values as they are. A feature whose low end is suspicious is
 * defined as its negative.
 */
export type Side = "high" | "both";

/**
 * What a feature is and how it is read.
 *
 * A new one is a file in `definitions/`, an entry in `registry.ts` and a test. If it needs state of its own, the same
 * file defines the part; `definitions/customer_amount.ts` is a short example.
 */
export interface FeatureDefinition<Columns extends PartColumns = PartColumns> {
  /** Name in manifests, reasons and tables; snake_case. */
  readonly name: string;
  /** Whose history it summarizes. */
  readonly kind: "transaction" | "customer" | "terminal" | "customer-and-terminal";
  /** Time over which history counts, as `7d`; null where time does not count. */
  readonly window: string | null;
  readonly side: Side;
  /**
   * The transform of a high feature: 0 up to the floor, 1 at the ceiling, in proportion up to 4. Default: the 90th and
   * the 99.5th percentile of the training rows.
   */
  readonly range?: { readonly floor: number; readonly ceiling: number };
  /** Unit of the raw value. */
  readonly unit: string;
  readonly description: string;
  /** The part of the state it reads; absent for a feature of the transaction alone. */
  readonly needs?: StatePart<Columns>;
  /**
   * A raw value as a reason reads it, such as "amount 8.2 times this customer's usual".
   *
   * @param currency ISO 4217 code of the transaction, which says how many digits an amount has.
   */
  sentence(value: number, currency?: string): string;
  /** The raw value, from the row and the columns of the part it needs. */
  value(row: Readonly<RowState>, columns: Columns): number;
}

/**
 * The words of a feature in a manifest; a model whose words differ from the registry's was trained on another feature.
 *
 * @returns Plain JSON without the name.
 */
export function describeFeature(definition: FeatureDefinition): Record<string, string | null> {
  const { kind, window, side, unit, description } = definition;
  return { kind, window, side, unit, description };
}
