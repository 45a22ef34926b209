import type { WrittenDefinition } from "../definition/definition.ts";
import type { PathProfile } from "./profile.ts";

/** A field of a definition. */
export type FieldName = keyof WrittenDefinition["fields"];
/** A field as it is written. */
export type Field = Record<string, unknown> | string;

/** A proposed field, with why. */
export interface Guess {
  field: Field;
  /** What was guessed, for a comment. */
  why: string;
}

/** A proposed definition. */
export interface Proposal {
  unwrap?: WrittenDefinition["unwrap"];
  fields: Partial<Record<FieldName, Guess>>;
}

/** Names that fields of each kind have, the likeliest first; the last name of a path, or the last two, joined. */
const NAMES: Readonly<Record<FieldName, readonly RegExp[]>> = {
  transaction_id: [
    /^(transaction|txn|tx|trans|payment|charge|authori[sz]ation|auth|operation|event|msg|order)_?(id|num|nr|no|number|ref|reference|uuid)$/i,
    /^(id|uuid|reference|ref|rrn|arn)$/i,
  ],
  customer_id: [
    /(card|customer|client|account|payer|cardholder|holder|consumer|wallet)_?(id|token|ref|hash|key|num|number|no)$/i,
    /^(customer|client|payer|account|user|iban|cc_num|card1)$/i,
    /(user|member|buyer|debtor)_?(id|ref)?$/i,
    /fingerprint|token/i,
  ],
  terminal_id: [
    /(terminal|merchant|acceptor|shop|store|outlet|seller|payee)_?(id|ref|key|code|terminal)?$/i,
    /^(tid|mid|pos_id)$/i,
  ],
  amount: [
    /^(transaction|txn|tx|trans|payment|purchase|billing)_?(amount|amt|value)$/i,
    /^(amount|amt|value|total|sum|betrag|montant)$/i,
    /(amount|amt|cents|value|price)$/i,
  ],
  currency: [/^(currency|ccy|curr|currency_?code|iso_?currency)$/i, /currency/i],
  timestamp: [
    /^(timestamp|event_?time|occurred_?at|transaction_?(time|date)|txn_?time|created_?at|authori[sz]ed_?at)$/i,
    /(time|timestamp|date|datetime|_at|At|created|occurred|ts)$/,
  ],
  merchant_category: [/^(mcc|merchant_?category(_?code)?)$/i],
  country: [/^(country|country_?code|merchant_?country)$/i],
  channel: [/^(channel|entry_?mode|present)$/i],
};

const DECIMAL = /^[+-]?\d+(\.\d+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const LOCAL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?$/;
const [FIRST_S, LAST_S] = [Date.UTC(2000, 0) / 1000, Date.UTC(2100, 0) / 1000];
const CHANNELS: ReadonlySet<string> = new Set(["pos", "online", "atm"]);

/** Finds the envelope of records by the names in it. */
export function proposeUnwrap(paths: ReadonlySet<string>): WrittenDefinition["unwrap"] {
  const has = (start: string) => [...paths].some((path) => path === start || path.startsWith(`${start}.`));
  if ((has("op") && has("after")) || (has("payload.op") && has("payload.after"))) return "debezium";
  if (has("specversion") && has("data")) return "cloudevents";
  if (has("schema") && has("payload")) return "connect";
  if (has("data.object") && has("type")) return { path: "data.object" };
  return undefined;
}

/**
 * Proposes the fields of a definition by names and values.
 *
 * @param profiles Of the unwrapped records.
 * @param records How many records were profiled.
 */
export function proposeFields(profiles: readonly PathProfile[], records: number): Proposal["fields"] {
  const fields: Proposal["fields"] = {};
  const taken = new Set<string>();
  for (const name of Object.keys(NAMES) as FieldName[]) {
    const ranked = profiles
      .filter((profile) => !taken.has(profile.path))
      .map((profile) => ({ profile, rank: rankOf(name, profile), guess: fit(name, profile, records) }))
      .filter(({ rank, guess }) => rank >= 0 && guess !== undefined)
      .sort((a, b) =>
        a.rank - b.rank || b.profile.count - a.profile.count || a.profile.path.length - b.profile.path.length
      );
    const [best] = ranked;
    if (best === undefined) continue;
    taken.add(best.profile.path);
    const others = ranked.slice(1, 3).map(({ profile }) => profile.path);
    const why = [best.guess!.why, others.length > 0 ? `or ${others.join(", ")}?` : ""].filter((each) =>
      each !== ""
    );
    fields[name] = { field: best.guess!.field, why: why.join("; ") };
  }
  return fields;
}

function rankOf(name: FieldName, { path }: PathProfile): number {
  const steps = path.replace(/\[\d+\]/g, "").split(".");
  const last = steps.at(-1)!;
  const joined = steps.slice(-2).join("_");
  return NAMES[name].findIndex((pattern) => pattern.test(last) || pattern.test(joined));
}

/** How the field would be written, or undefined where the values do not fit. */
function fit(name: FieldName, profile: PathProfile, records: number): Guess | undefined {
  const { path, count, distinct, types, values } = profile;
  const texts = values.filter((value): value is string => typeof value === "string");
  const plain: Guess = { field: path, why: share(count, records) };
  if (types.has("boolean") || types.has("bytes")) return undefined;
  if (name === "transaction_id") {
    return distinct >= Math.min(count, 4500) && count >= 0.9 * records ? plain : undefined;
  }
  if (name === "customer_id" || name === "terminal_id") {
    return distinct > 1 || records < 10 ? plain : undefined;
  }
  if (name === "amount") return amountGuess(profile, texts, plain);
  if (name === "timestamp") return timeGuess(profile, texts, plain);
  if (texts.length === 0 && name !== "merchant_category") return undefined;
  if (name === "currency") {
    if (!texts.every((text) => /^[A-Za-z]{3}$/.test(text))) return undefined;
    const isUpper = texts.every((text) => text === text.toUpperCase());
    return isUpper ? plain : { field: { path, case: "upper" }, why: plain.why };
  }
  if (name === "merchant_category") {
    return values.every((value) => /^\d{1,4}$/.test(String(value))) ? plain : undefined;
  }
  const isKnown = (text: string) => name === "country" ? /^[A-Z]{2}$/.test(text) : CHANNELS.has(text);
  const unknown = [...new Set(texts.filter((text) => !isKnown(text)))].slice(0, 12);
  if (unknown.length === 0) return plain;
  const map = Object.fromEntries(
    unknown.map((text) => [text, name === "country" ? text.slice(0, 2).toUpperCase() : "online"]),
  );
  return { field: { path, map }, why: "GUESS: say what each value means" };
}

function amountGuess(
  { path, types, min, max, values }: PathProfile,
  texts: string[],
  plain: Guess,
): Guess | undefined {
  if (types.has("time") || !texts.every((text) => DECIMAL.test(text))) return undefined;
  if (!Number.isFinite(min)) return undefined;
  const isWhole = values.every((value) => /^[+-]?\d+$/.test(String(value)));
  const isMinor = /cents|minor/i.test(path) || (isWhole && max >= 1000);
  if (!isMinor) return plain;
  return {
    field: { path, unit: "minor" },
    why: `GUESS: whole numbers from ${min} to ${max}, taken for minor units; unit: major if they are not`,
  };
}

function timeGuess({ path, types, min, max }: PathProfile, texts: string[], plain: Guess): Guess | undefined {
  if (types.has("time")) return plain;
  if (texts.length > 0 && texts.every((text) => RFC3339.test(text))) return plain;
  if (texts.length > 0 && texts.every((text) => LOCAL.test(text))) {
    return { field: { path, unit: "local", zone: "UTC" }, why: "GUESS: no zone in the text, taken for UTC" };
  }
  if (!Number.isFinite(min)) return undefined;
  for (const [unit, each] of [["s", 1], ["ms", 1e3], ["us", 1e6], ["ns", 1e9]] as const) {
    if (min / each >= FIRST_S && max / each <= LAST_S) {
      const from = new Date(min / each * 1000).toISOString();
      const to = new Date(max / each * 1000).toISOString();
      return { field: { path, unit }, why: `read as ${unit}: ${from} to ${to}` };
    }
  }
  return undefined;
}

function share(count: number, records: number): string {
  return count === records ? "in every record" : `in ${(100 * count / records).toFixed(1)}% of the records`;
}

/** A proposal as YAML with a comment on each guess. */
export function proposalYaml(proposal: Proposal, format: string, seen: string): string {
  const lines = [`# Proposed from ${seen}; check each line.`, "version: 1", `format: ${format}`];
  if (proposal.unwrap !== undefined) lines.push(`unwrap: ${flow(proposal.unwrap)}`);
  lines.push("fields:");
  for (const [name, { field, why }] of Object.entries(proposal.fields)) {
    lines.push(`  ${name}: ${flow(field)}${why === "" ? "" : ` # ${why}`}`);
  }
  for (const name of ["customer_id", "amount", "timestamp"] as const) {
    if (proposal.fields[name] === undefined) lines.push(`  ${name}: TODO # no path looked like it`);
  }
  if (proposal.fields.terminal_id === undefined) {
    lines.push("  # terminal_id: no path looked like it; without one nothing is known of terminals");
  }
  return `${lines.join("\n")}\n`;
}

function flow(value: unknown): string {
  if (typeof value === "string") {
    return /^[\w.[\]-]+$/.test(value) && !value.startsWith("[") ? value : JSON.stringify(value);
  }
  const parts = Object.entries(value as object).map(([key, inner]) =>
    `${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}: ${
      typeof inner === "object" ? flow(inner) : flow(String(inner))
    }`
  );
  return `{ ${parts.join(", ")} }`;
}
