import type { PackedRecords } from "../../broker/packed_records.ts";
import { putTwo, TimestampText } from "../../domain/time.ts";
import type { Merchant } from "../merchants.ts";
import type { SimulatedStep } from "../simulate.ts";
import type { ReplayedEvent } from "./event.ts";

/** Most bytes of a number or a boolean, the signs around a text, and the closing brace. */
const VALUE_BYTES = 32;
const NOT_PLAIN = -1;
const [SPACE, QUOTE, BACKSLASH, TILDE, BRACE_OPEN, BRACE_CLOSE, COMMA, ZERO, POINT] = bytesOf(` "\\~{},0.`);
/** The JSON of each field's name with the colon behind it; the names are few. */
const NAMES = new Map<string, Uint8Array>();

/**
 * Adds an event as a record keyed by customer; its value is `JSON.stringify` of the transaction or label, byte for byte.
 * Plain ASCII is written byte by byte, which is much faster.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { PackedRecords } from "../../broker/packed_records.ts";
 * import { addEvent } from "./json.ts";
 *
 * const ids = { transaction_id: "1", customer_id: "c", terminal_id: "t" };
 * const transaction = { ...ids, amount: 9.5, timestamp: "2018-04-01T00:00:31.000Z" };
 * const records = new PackedRecords();
 * addEvent({ kind: "transaction", transaction, isFraud: null, scenario: null }, records);
 * const [{ value }] = records;
 * assertEquals(new TextDecoder().decode(value as Uint8Array), JSON.stringify(transaction));
 * ```
 */
export function addEvent(event: ReplayedEvent, records: PackedRecords): void {
  const fields = event.kind === "label" ? event.label : event.transaction;
  const key = fields.customer_id;
  const valueEnd = putFields(fields as unknown as Record<string, unknown>, records);
  if (valueEnd !== NOT_PLAIN) {
    records.reserve(valueEnd - records.end + key.length);
    const keyEnd = putText(records.bytes, valueEnd, key);
    if (keyEnd !== NOT_PLAIN) return records.push(valueEnd, keyEnd);
  }
  records.add(key, JSON.stringify(fields));
}

/** Writes the object behind the last record; returns its end, or `NOT_PLAIN` where a field is not plain. */
function putFields(fields: Readonly<Record<string, unknown>>, records: PackedRecords): number {
  let at = records.end;
  let before = BRACE_OPEN;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    const isText = typeof value === "string";
    const isLiteral = typeof value === "boolean" || typeof value === "number" && Number.isFinite(value);
    if (!isText && !isLiteral) return NOT_PLAIN;
    const text = isText ? value : String(value);
    const nameJson = NAMES.get(name) ?? rememberName(name);
    records.reserve(at - records.end + nameJson.length + text.length + VALUE_BYTES);
    const { bytes } = records;
    bytes[at++] = before;
    for (let i = 0; i < nameJson.length; i++) bytes[at++] = nameJson[i];
    if (isText) bytes[at++] = QUOTE;
    at = putText(bytes, at, text);
    if (at === NOT_PLAIN) return NOT_PLAIN;
    if (isText) bytes[at++] = QUOTE;
    before = COMMA;
  }
  if (before === BRACE_OPEN) return NOT_PLAIN;
  records.bytes[at++] = BRACE_CLOSE;
  return at;
}

function putText(bytes: Uint8Array, from: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return NOT_PLAIN;
    bytes[from + i] = code;
  }
  return from + length;
}

function rememberName(name: string): Uint8Array {
  const json = bytesOf(`${JSON.stringify(name)}:`);
  NAMES.set(name, json);
  return json;
}

/** Room for any step: its fixed text and merchant take some 200 bytes, and each of its numbers 25 at most. */
const STEP_BYTES = 512;
/** Numbers up to here are written digit by digit with 32-bit arithmetic. */
const MOST_INT = 2 ** 31;

const BEFORE_CUSTOMER = bytesOf(`","customer_id":"c`);
const BEFORE_TERMINAL = bytesOf(`","terminal_id":"t`);
const BEFORE_AMOUNT = bytesOf(`","amount":`);
const BEFORE_MADE_AT = bytesOf(`","timestamp":"`);
const LEGITIMATE = bytesOf(`","is_fraud":false,"labelled_at":"`);
const FRAUD = bytesOf(`","is_fraud":true,"labelled_at":"`);
const BEFORE_SCENARIO = bytesOf(`","scenario":`);
const END = bytesOf(`"}`);

/**
 * Writes the steps of a simulation as records, byte for byte the JSON of the events of `simulate`, keyed by customer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { PackedRecords } from "../../broker/packed_records.ts";
 * import { simulate, simulatedSteps } from "../simulate.ts";
 * import { StepJson } from "./json.ts";
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
  readonly labelDelayMs: number;
  readonly #head: Uint8Array;
  readonly #merchants = new Map<Merchant, Uint8Array>();
  // One for each of the three times, as each keeps the text of its day.
  readonly #transactionTime = new TimestampText();
  readonly #madeAt = new TimestampText();
  readonly #labelledAt = new TimestampText();

  /** A writer for the steps of one simulation, with its seed and label delay. */
  constructor(randomSeed: number, labelDelayMs: number) {
    this.labelDelayMs = labelDelayMs;
    this.#head = bytesOf(`{"transaction_id":"${randomSeed}-`);
  }

  /** Adds the step's record. Throws RangeError when a time is past the year 9999. */
  write(step: Readonly<SimulatedStep>, into: PackedRecords): void {
    into.reserve(STEP_BYTES);
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
    at = this.#labelledAt.put(bytes, at, timestampMs + this.labelDelayMs);
    at = put(bytes, at, BEFORE_SCENARIO);
    bytes[at++] = ZERO + scenario;
    bytes[at++] = BRACE_CLOSE;
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
