/**
 * The one declaration of what requests hold: it checks them, and `/openapi.json` describes it.
 *
 * @module
 */
import { z } from "zod";
import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS, parseRfc3339 } from "../../domain/time.ts";
import { LABEL_SOURCES } from "../../ledger/labels.ts";
import { parseJson, wholeDigits } from "../../runtime/json.ts";
import { foreignBytes } from "../../runtime/text/foreign_bytes.ts";
import { Problem } from "../problem.ts";

// deno-lint-ignore no-control-regex
const ID = /^[^\u0000-\u001f\u007f]*$/;
const id = z.string().min(1).max(128).regex(ID, "must have no control characters");
/** An id as a number: JSON Schema has no other word for a whole number of any length. */
const whole = z.number().min(0).multipleOf(1).describe("A whole number; its digits are the id");
const number = z.string().regex(/^-?\d+(\.\d+)?$/, "must be a number").transform(Number);

const time = z.string().meta({ format: "date-time" }).transform((text, context) => {
  const ms = parseRfc3339(text);
  if (Number.isNaN(ms)) context.addIssue("must be a time such as 2026-01-31T12:00:00Z");
  return ms;
});

/** Fields of a transaction as the decoder of the stream accepts them; the decoder does the reading. */
export const transactionFields = {
  transaction_id: z.union([id, whole]),
  customer_id: z.union([id, whole]),
  terminal_id: z.union([id, whole]),
  amount: z.number().positive().describe("In major units, below 9e15 minor ones"),
  timestamp: z.union([z.iso.datetime({ offset: true }), z.int().min(MIN_TIMESTAMP_MS).max(MAX_TIMESTAMP_MS)])
    .describe("RFC 3339, or epoch milliseconds, from 1973-03-03 to 9999-12-31"),
  currency: z.string().regex(/^[A-Z]{3}$/).nullish(),
  merchant_category: z.union([z.string().regex(/^[0-9]{4}$/), z.int()]).nullish(),
  country: z.string().regex(/^[A-Z]{2}$/).nullish(),
  channel: z.enum(["pos", "online", "atm"]).nullish(),
} as const;

/** Parameters of `GET /v1/flagged`: times become epoch milliseconds, amounts are major units. */
export const flaggedQuery = z.strictObject({
  customer: id.optional(),
  terminal: id.optional(),
  from: time.optional(),
  to: time.optional(),
  min_score: number.optional(),
  min_amount: number.optional(),
  label: z.enum(["none", "fraud", "legit"]).optional(),
  source: z.enum(LABEL_SOURCES).describe("How the newest label came").optional(),
  limit: z.string().regex(/^([1-9]\d?|[1-4]\d\d|500)$/, "must be a whole number from 1 to 500").default("50")
    .transform(Number),
  cursor: z.string().regex(/^-?\d{1,16}\.\d{1,9}\.\d{1,16}$/, "must be the next_cursor of an earlier answer")
    .optional(),
});

/**
 * Reads the parameters of `GET /v1/flagged`.
 *
 * @throws Problem 400 that names the parameter.
 */
export function readFlaggedQuery(query: Record<string, string>): z.output<typeof flaggedQuery> {
  return readWith(flaggedQuery, query, 400);
}

// deno-lint-ignore no-control-regex
const NAME = /^[^\u0000-\u001f\u007f-\u009f]*$/;
/** The body of `POST /v1/labels`. */
export const labelBody = z.strictObject({
  transaction_id: z.union([id, whole.transform(String)]),
  is_fraud: z.boolean(),
  by: z.string().min(1).max(128).regex(NAME, "must have no control characters").optional().describe(
    "A note beside the author, who is the token's name",
  ),
});

/**
 * Reads the body of `POST /v1/labels`.
 *
 * @throws Problem 400 where it is not JSON, 422 that names the field.
 */
export function readLabelBody(body: Uint8Array): z.output<typeof labelBody> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    const found = foreignBytes(body);
    const problem = found === undefined ? "." : `: it is ${found.what}; ${found.todo}.`;
    throw new Problem(400, `The body must be JSON in UTF-8${problem}`);
  }
  const { transaction_id } = Object(json) as { transaction_id?: unknown };
  const digits = wholeDigits(transaction_id);
  return readWith(
    labelBody,
    digits === undefined ? json : { ...json as object, transaction_id: digits },
    422,
  );
}

function readWith<T>(schema: z.ZodType<T>, value: unknown, status: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new Problem(status, `${path.length === 0 ? "The request" : path.join(".")} is wrong: ${message}.`);
}

/** A transaction, which may have other fields, too. */
export const transaction = z.looseObject(transactionFields);
