import type { PackedRecords } from "../../broker/packed_records.ts";
import type { Merchant } from "../merchants.ts";
import type { SimulatedStep } from "../simulated_steps.ts";
import { TimestampText } from "./timestamp_text.ts";

/** Room for any record: its fixed text and merchant take some 200 bytes, and each of its numbers 25 at most. */
const MOST_BYTES = 512;
const DAY_MS = 86_400_000;
/** Numbers up to here are written digit by digit with 32-bit arithmetic. */
const MOST_INT = 2 ** 31;
const [ZERO, COLON, POINT, LETTER_Z] = bytesOf("0:.Z");

const BEFORE_CUSTOMER = bytesOf(`","customer_id":"c`);
const BEFORE_TERMINAL = bytesOf(`","terminal_id":"t`);
const BEFORE_AMOUNT = bytesOf(`","amount":`);
const BEFORE_MADE_AT = bytesOf(`","timestamp":"`);
const LEGITIMATE = bytesOf(`","is_fraud":false,"labelled_at":"`);
const FRAUD = bytesOf(`","is_fraud":true,"labelled_at":"`);
const BEFORE_SCENARIO = bytesOf(`","scenario":`);
const END = bytesOf(`"}`);
const [BRACE] = bytesOf("}");

/**
 * Writes the steps of a simulation as records, byte for byte the JSON of the events of `simulate`, keyed by customer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { PackedRecords } from "../../broker/packed_records.ts";
 * import { simulate } from "../simulate.ts";
 * import { simulatedSteps } from "../simulated_steps.ts";
 * import { StepJson } from "./step_json.ts";
 *
 * const options = { randomSeed: 7, start: 0, count: 1, labels: "none" } as const;
 * const [json, records] = [new StepJson(options.randomSeed, 0), new PackedRecords()];
 * for (const step of simulatedSteps(options)) json.write(step, records);
 * const [{ value }] = records;
 * const [event] = simulate(options);
 * assertEquals(JSON.parse(new TextDecoder().decode(value as Uint8Array)), "transaction" in event && event.transaction);
 * ```
 */
export class StepJson {
  readonly #labelDelayMs: number;
  readonly #head: Uint8Array;
  readonly #merchants = new Map<Merchant, Uint8Array>();
  // One for each of the three times, as each keeps the text of its day.
  readonly #transactionTime = new TimeBytes();
  readonly #madeAt = new TimeBytes();
  readonly #labelledAt = new TimeBytes();

  /**
   * A writer for the steps of one simulation.
   *
   * @param randomSeed The simulation's, which its ids begin with.
   * @param labelDelayMs How long after its transaction a label becomes known, milliseconds.
   */
  constructor(randomSeed: number, labelDelayMs: number) {
    this.#labelDelayMs = labelDelayMs;
    this.#head = bytesOf(`{"transaction_id":"${randomSeed}-`);
  }

  /**
   * Adds the step's record.
   *
   * @throws {RangeError} When a time is past the year 9999.
   */
  write(step: Readonly<SimulatedStep>, into: PackedRecords): void {
    into.reserve(MOST_BYTES);
    const { bytes } = into;
    let at = put(bytes, into.end, this.#head);
    at = putInteger(bytes, at, step.index);
    at = put(bytes, at, BEFORE_CUSTOMER);
    const keyStart = at - 1;
    const keyEnd = at = putInteger(bytes, at, step.customer);
    at = put(bytes, at, BEFORE_TERMINAL);
    at = putInteger(bytes, at, step.terminal);
    at = step.isLabel ? this.#putLabel(bytes, at, step) : this.#putTransaction(bytes, at, step);
    const valueEnd = at;
    for (let i = keyStart; i < keyEnd; i++) bytes[at++] = bytes[i];
    into.push(valueEnd, at);
  }

  #putTransaction(bytes: Uint8Array, from: number, step: Readonly<SimulatedStep>): number {
    let at = put(bytes, from, BEFORE_AMOUNT);
    at = putHundredths(bytes, at, step.amountMinor);
    at = put(bytes, at, this.#merchant(step.merchant));
    at = this.#transactionTime.put(bytes, at, step.timestampMs);
    return put(bytes, at, END);
  }

  #putLabel(bytes: Uint8Array, from: number, { timestampMs, scenario }: Readonly<SimulatedStep>): number {
    let at = put(bytes, from, BEFORE_MADE_AT);
    at = this.#madeAt.put(bytes, at, timestampMs);
    at = put(bytes, at, scenario === 0 ? LEGITIMATE : FRAUD);
    at = this.#labelledAt.put(bytes, at, timestampMs + this.#labelDelayMs);
    at = put(bytes, at, BEFORE_SCENARIO);
    bytes[at++] = ZERO + scenario;
    bytes[at++] = BRACE;
    return at;
  }

  #merchant(merchant: Merchant): Uint8Array {
    let text = this.#merchants.get(merchant);
    if (text === undefined) {
      const { currency, merchantCategory, country, channel } = merchant;
      text = bytesOf(
        `,"currency":"${currency}","merchant_category":"${merchantCategory}","country":"${country}",` +
          `"channel":"${channel}","timestamp":"`,
      );
      this.#merchants.set(merchant, text);
    }
    return text;
  }
}

/** Writes times as `TimestampText` does, the day's text kept as bytes. */
class TimeBytes {
  readonly #text = new TimestampText();
  #day = NaN;
  #date = new Uint8Array(0);

  put(bytes: Uint8Array, from: number, timestampMs: number): number {
    const day = Math.floor(timestampMs / DAY_MS);
    if (day !== this.#day) {
      this.#date = bytesOf(this.#text.write(timestampMs).slice(0, "2026-01-01T".length));
      this.#day = day;
    }
    let at = put(bytes, from, this.#date);
    const rest = timestampMs - day * DAY_MS | 0;
    const second = rest / 1000 | 0;
    const minute = second / 60 | 0;
    const hour = minute / 60 | 0;
    at = putTwo(bytes, at, hour);
    bytes[at++] = COLON;
    at = putTwo(bytes, at, minute - 60 * hour);
    bytes[at++] = COLON;
    at = putTwo(bytes, at, second - 60 * minute);
    bytes[at++] = POINT;
    const ms = rest - 1000 * second;
    bytes[at++] = ZERO + (ms / 100 | 0);
    at = putTwo(bytes, at, ms % 100);
    bytes[at++] = LETTER_Z;
    return at;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function put(bytes: Uint8Array, from: number, text: Uint8Array): number {
  const { length } = text;
  // The built-in copy costs a call, which is worth it for long texts only.
  if (length > 40) bytes.set(text, from);
  else for (let i = 0; i < length; i++) bytes[from + i] = text[i];
  return from + length;
}

function putTwo(bytes: Uint8Array, at: number, below100: number): number {
  const ten = below100 / 10 | 0;
  bytes[at] = ZERO + ten;
  bytes[at + 1] = ZERO + below100 - 10 * ten;
  return at + 2;
}

function putInteger(bytes: Uint8Array, from: number, value: number): number {
  if (value >= MOST_INT) return put(bytes, from, bytesOf(String(value)));
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  let left = value | 0;
  for (let at = from + digits - 1; at >= from; at--) {
    const next = left / 10 | 0;
    bytes[at] = ZERO + left - 10 * next;
    left = next;
  }
  return from + digits;
}

/** A whole number of hundredths as JavaScript writes the quotient: 1250 as 12.5. */
function putHundredths(bytes: Uint8Array, from: number, hundredths: number): number {
  if (hundredths >= MOST_INT) return put(bytes, from, bytesOf(String(hundredths / 100)));
  const whole = hundredths / 100 | 0;
  const rest = hundredths - 100 * whole;
  let at = putInteger(bytes, from, whole);
  if (rest === 0) return at;
  bytes[at++] = POINT;
  at = putTwo(bytes, at, rest);
  return rest % 10 === 0 ? at - 1 : at;
}
