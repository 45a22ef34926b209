import {
  type Channel,
  type DeadLetterReason,
  type Transaction,
  TransactionError,
} from "../../domain/transaction.ts";
import { numberText } from "../../runtime/json.ts";
import { idText, isChannel, isCountry, isCurrency, isMerchantCategory, MAX_ID_BYTES } from "../decode.ts";
import { amountReader, type Money } from "./amount.ts";
import type { StreamDefinition } from "./definition.ts";
import { Fault } from "./fault.ts";
import { type Keeper, openKeeper } from "./keep.ts";
import { originReader, originText, type StreamRecord } from "./origin.ts";
import { parsePath } from "./path.ts";
import { timeReader } from "./time.ts";
import { unwrapper } from "./unwrap.ts";
import { whereTest } from "./where.ts";

/** A record's value and what surrounds it, before it is unwrapped. */
export interface RecordAround extends Omit<StreamRecord, "body"> {
  /** `topic/partition/offset`, which stands for the id of a transaction without one. */
  place: string;
}

/** Reads the transactions of a stream as its definition says. */
export interface TransactionReader {
  /**
   * The transaction of a record, or null for one that is passed over.
   *
   * @throws TransactionError that names all faults of the record; its reason is that of the first.
   */
  read(record: RecordAround): Transaction | null;
  /** A transaction of `read` with the fields of its record that `keep` names, in `source`. */
  kept(transaction: Transaction, record: RecordAround): Transaction;
  /** Paths of fields that were left out of what is kept as they look like card data. */
  readonly leftOut: ReadonlySet<string>;
  /** Values of optional fields that were not what they must be, by field; they are kept as they stand. */
  readonly malformed: ReadonlyMap<string, number>;
}

type Fields = StreamDefinition["fields"];
type Code = NonNullable<Fields["currency"]>;

/**
 * Makes the reader of a definition.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readDefinition } from "./read.ts";
 * import { openTransactionReader } from "./transaction.ts";
 *
 * const yaml = `
 * version: 1
 * fields:
 *   customer_id: card.token
 *   amount: { path: cents, unit: minor }
 *   timestamp: { path: at, unit: s }
 * `;
 * const reader = openTransactionReader(readDefinition(yaml, "example.yaml"));
 * const root = { card: { token: "c1" }, cents: 1234, at: 1_700_000_000 };
 * const around = { root, key: null, recordTimeMs: 0, headers: () => ({}), place: "t/0/7" };
 * const { transactionId, customerId, amount } = reader.read(around)!;
 * assertEquals([transactionId, customerId, amount], ["t/0/7", "c1", 12.34]);
 * ```
 */
export function openTransactionReader(definition: StreamDefinition): TransactionReader {
  return new DefinedReader(definition);
}

class DefinedReader implements TransactionReader {
  readonly malformed: Map<string, number> = new Map();
  readonly #definition: StreamDefinition;
  readonly #unwrap: ReturnType<typeof unwrapper>;
  readonly #isWanted: ReturnType<typeof whereTest>;
  readonly #ids: Readonly<Record<"transaction_id" | "customer_id" | "terminal_id", ReadId>>;
  readonly #amountAt: ReturnType<typeof originReader>;
  readonly #toAmount: ReturnType<typeof amountReader>;
  readonly #timeAt: ReturnType<typeof originReader>;
  readonly #toTime: ReturnType<typeof timeReader>;
  readonly #codes: Readonly<Record<"currency" | "merchantCategory" | "country" | "channel", ReadCode>>;
  readonly #keeper: Keeper;

  constructor(definition: StreamDefinition) {
    const { fields } = definition;
    this.#definition = definition;
    this.#unwrap = unwrapper(definition.unwrap);
    this.#isWanted = whereTest(definition.where);
    this.#ids = {
      transaction_id: idReader(fields, "transaction_id", ({ place }) => place),
      customer_id: idReader(fields, "customer_id", () => ""),
      terminal_id: idReader(fields, "terminal_id", () => ""),
    };
    this.#amountAt = originReader(fields.amount);
    this.#toAmount = amountReader(
      typeof fields.amount === "string" ? { unit: "major", sign: "positive" } : fields.amount,
    );
    this.#timeAt = originReader(fields.timestamp);
    this.#toTime = timeReader(typeof fields.timestamp === "string" ? {} : fields.timestamp);
    this.#codes = {
      currency: codeReader(fields.currency, isCurrency, "an ISO 4217 code"),
      merchantCategory: codeReader(fields.merchant_category, isMerchantCategory, "a code of four digits"),
      country: codeReader(fields.country, isCountry, "an ISO 3166-1 alpha-2 code"),
      channel: codeReader(fields.channel, isChannel, "pos, online or atm"),
    };
    this.#keeper = openKeeper(definition.keep, mappedPaths(fields));
  }

  get leftOut(): ReadonlySet<string> {
    return this.#keeper.leftOut;
  }

  read(around: RecordAround): Transaction | null {
    const body = this.#unwrap(around.root, around.headers);
    if (body === null) return null;
    if (typeof body !== "object" || Array.isArray(body)) {
      const what = Array.isArray(body) ? "an array" : typeof body;
      throw new TransactionError(
        "not-an-object",
        `Cannot read the record as the transaction must be an object: it is ${what}`,
      );
    }
    const record = { ...around, body };
    if (!this.#isWanted(record)) return null;
    const { fields } = this.#definition;
    const faults = new Faults();
    const currency = faults.catch(fields.currency, "currency", () => this.#codes.currency(record));
    const money = this.#money(record, currency, faults);
    if (money === null) return null;
    const transaction: Transaction = {
      transactionId: this.#ids.transaction_id(record, faults),
      customerId: this.#ids.customer_id(record, faults),
      terminalId: this.#ids.terminal_id(record, faults),
      ...money,
      currency,
      timestampMs: faults.required(fields.timestamp, "timestamp", this.#timeAt(record), this.#toTime) ?? NaN,
      source: {},
    };
    faults.throwIfAny();
    transaction.merchantCategory = this.#optional("merchantCategory", record);
    transaction.country = this.#optional("country", record);
    transaction.channel = this.#optional("channel", record) as Channel | undefined;
    return transaction;
  }

  kept(transaction: Transaction, around: RecordAround): Transaction {
    const { currency, merchantCategory: merchant_category, country, channel } = transaction;
    const codes = Object.entries({ currency, merchant_category, country, channel })
      .filter(([, code]) => code !== undefined);
    const kept = this.#keeper(this.#unwrap(around.root, around.headers));
    return { ...transaction, source: { ...kept, ...Object.fromEntries(codes) } };
  }

  /** The amount above 0, NaN with a fault, or null where the record is passed over for it. */
  #money(record: StreamRecord, currency: string | undefined, faults: Faults): Money | null {
    const { fields, negative, zero } = this.#definition;
    const toAmount = (value: unknown) => this.#toAmount(value, currency);
    const money = faults.required(fields.amount, "amount", this.#amountAt(record), toAmount);
    if (money === undefined) return { amount: NaN, amountMinor: NaN };
    const { amount, amountMinor } = money;
    if ((amount < 0 && negative === "pass") || (amount === 0 && zero === "pass")) return null;
    const refuse = (must: string) =>
      faults.add("wrong-field", fields.amount, "amount", `must be ${must}: current value is ${amount}`);
    if (amount === 0 || (amount < 0 && negative !== "absolute")) refuse("above 0");
    else if (!Number.isSafeInteger(amountMinor)) refuse("below 9e15 minor units");
    return { amount: Math.abs(amount), amountMinor: Math.abs(amountMinor) };
  }

  #optional(name: "merchantCategory" | "country" | "channel", record: StreamRecord): string | undefined {
    try {
      return this.#codes[name](record);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.malformed.set(name, (this.malformed.get(name) ?? 0) + 1);
      return undefined;
    }
  }
}

/** The faults of one record, so that all are named at once. */
class Faults {
  #reason: DeadLetterReason | undefined;
  readonly #messages: string[] = [];

  add(reason: DeadLetterReason, field: string | object, name: string, message: string): void {
    this.#reason ??= reason;
    const from = originText(field);
    this.#messages.push(`${name}${from === name ? "" : ` (${from})`} ${message}`);
  }

  required<T>(
    field: string | object,
    name: string,
    value: unknown,
    read: (value: unknown) => T,
  ): T | undefined {
    if (value === undefined || value === null) {
      this.add("missing-field", field, name, "must be there: the record has none");
      return undefined;
    }
    return this.catch(field, name, () => read(value));
  }

  catch<T>(field: string | object | undefined, name: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.add("wrong-field", field ?? name, name, error.message);
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.#reason === undefined) return;
    throw new TransactionError(this.#reason, `Cannot read the transaction as ${this.#messages.join("; ")}`);
  }
}

type ReadId = (record: RecordAround & StreamRecord, faults: Faults) => string;

function idReader(
  fields: Fields,
  name: "transaction_id" | "customer_id" | "terminal_id",
  otherwise: ReadId,
): ReadId {
  const field = fields[name];
  if (field === undefined) return otherwise;
  const valueOf = originReader(field);
  return (record, faults) => faults.required(field, name, valueOf(record), toId) ?? "";
}

function toId(value: unknown): string {
  const text = idText(value);
  if (text !== undefined) return text;
  throw new Fault(`text of 1 to ${MAX_ID_BYTES} bytes without control characters, or a whole number`, value);
}

type ReadCode = (record: StreamRecord) => string | undefined;

function codeReader(
  field: Code | undefined,
  isValid: (value: unknown) => boolean,
  must: string,
): ReadCode {
  if (field === undefined) return () => undefined;
  const valueOf = originReader(field);
  const { case: letters, map } = typeof field === "string" ? {} as Exclude<Code, string> : field;
  return (record) => {
    const value = valueOf(record);
    if (value === undefined || value === null || value === "") return undefined;
    const plain = numberText(value) ?? value;
    const cased = typeof plain !== "string" || letters === undefined
      ? plain
      : letters === "upper"
      ? plain.toUpperCase()
      : plain.toLowerCase();
    const code = typeof cased === "string" && map !== undefined && Object.hasOwn(map, cased)
      ? map[cased]
      : cased;
    const padded = numberText(value) !== undefined && isValid === isMerchantCategory
      ? String(code).padStart(4, "0")
      : code;
    if (!isValid(padded)) throw new Fault(must, value);
    return padded as string;
  };
}

function mappedPaths(fields: Fields) {
  return Object.values(fields)
    .flatMap((field) => typeof field === "string" ? field : field?.path ?? [])
    .map(parsePath)
    .filter(({ fromRecord }) => !fromRecord);
}
