import { currencyCode, minorAmount, minorUnits } from "../../domain/currency.ts";
import { numberText } from "../../runtime/json.ts";
import type { StreamDefinition } from "./definition.ts";
import { Fault } from "./fault.ts";

/** How the field is written, with all that may be said of it. */
export type AmountField = Exclude<StreamDefinition["fields"]["amount"], string>;

/** An amount in major and in minor units; below 0 for a refund. */
export interface Money {
  amount: number;
  /** Infinity beyond 2^53. */
  amountMinor: number;
}

const DECIMAL = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/**
 * Makes the reader of amounts that a definition asks for: a value of a record, and its currency, to money.
 *
 * Numbers and decimal text are taken, the latter with a point; a value in minor units must be whole. The major units are
 * the number nearest to the decimal, so that 1234 minor units and 12.34 are the same to the last bit.
 */
export function amountReader(
  { unit, sign }: Pick<AmountField, "unit" | "sign">,
): (value: unknown, currency: string | undefined) => Money {
  return (value, currency) => {
    const text = decimalOf(value);
    if (text === undefined) throw new Fault("a number, or a decimal with a point as text", value);
    const number = Number(text);
    const turn = sign === "negative" ? -1 : 1;
    const units = minorUnits(currencyCode(currency));
    if (unit === "minor") {
      if (!Number.isSafeInteger(number)) {
        throw new Fault("a whole number of minor units (unit: major takes decimals)", value);
      }
      return { amount: turn * number / units, amountMinor: turn * number };
    }
    const minor = minorAmount(text.replace(/^[+-]/, ""), units);
    return { amount: turn * number, amountMinor: number < 0 ? -turn * minor : turn * minor };
  };
}

/** The decimal text of a number, or of text that is one. */
function decimalOf(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  const text = typeof value === "string" ? value.trim() : numberText(value);
  return text !== undefined && text.length <= 64 && DECIMAL.test(text) ? text : undefined;
}
