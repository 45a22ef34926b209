/**
 * Questions to the ledger as SQL that SQLite and PostgreSQL understand alike, with `?` for each value.
 *
 * @module
 */
import { CURRENCIES_BY_DIGITS, leastMinor } from "../../domain/currency.ts";
import type { FlaggedFilter, PlacedTransaction, RecentTransaction } from "../queries.ts";
import { LABELLED, NEWEST_FIRST, rankOf } from "./labels.ts";
import { flaggedOf, MOST_MATCHES, type Row } from "./rows.ts";

/** A statement and its values, in the order of their `?`. */
export interface QueryText {
  /** SQL with a `?` for each value. */
  text: string;
  /** One value for each `?`. */
  values: (string | number)[];
}

/** Indexes that the questions need, by the name of each. */
export const QUERY_INDEXES: readonly string[] = [
  "CREATE INDEX IF NOT EXISTS given_label_terminal ON given_label (terminal_id)",
  "CREATE INDEX IF NOT EXISTS flagged_terminal ON flagged (terminal_id, timestamp_ms)",
  "CREATE INDEX IF NOT EXISTS transaction_log_customer ON transaction_log (customer_id, timestamp_ms)",
  "CREATE INDEX IF NOT EXISTS transaction_log_terminal ON transaction_log (terminal_id, timestamp_ms)",
];

const isLabelOf = (label: string, of: string) =>
  LABELLED.map((column) => `${label}.${column} = ${of}.${column}`).join(" AND ");

/** The newest label of each row of `flagged`, if it has one. */
const WITH_LABEL = `LEFT JOIN given_label AS newest ON newest.label_id = (
  SELECT label_id FROM given_label AS each WHERE ${isLabelOf("each", "flagged")} AND NOT each.repeats
  ${NEWEST_FIRST} LIMIT 1)`;

/** Bytes of verdicts of transactions with one id; the first ones beyond have none. */
const MOST_FOUND_BYTES = 1 << 20;
const FLAGGED_COLUMNS = [
  "topic",
  "partition",
  '"offset"',
  ...LABELLED,
  "amount_minor",
  "currency",
  "anomaly_score",
]
  .map((column) => `flagged.${column}`).join(", ");

/**
 * Flagged transactions with an id, the values of one `?`; `verdict` is NULL where later ones fill the bytes already.
 *
 * @param byBytes Follows a text column in ORDER BY, so that text sorts by its bytes.
 */
export const findFlaggedText = (byBytes: string): string =>
  `WITH found AS (
    SELECT topic, partition, "offset", octet_length(verdict) AS bytes FROM flagged WHERE transaction_id = ?
    ORDER BY topic${byBytes}, partition, "offset" LIMIT ${MOST_MATCHES}
  ), sized AS (
    SELECT found.*, sum(bytes) OVER (ORDER BY topic${byBytes} DESC, partition DESC, "offset" DESC) - bytes AS bytes_after
    FROM found
  )
  SELECT ${FLAGGED_COLUMNS}, CASE WHEN bytes_after < ${MOST_FOUND_BYTES} THEN verdict END AS verdict
  FROM sized JOIN flagged ON flagged.topic = sized.topic AND flagged.partition = sized.partition
    AND flagged."offset" = sized."offset"`;

/** Transactions at a terminal by their newest label: `is_fraud`, `n`. */
export function labelsText(terminalId: string): QueryText {
  return {
    text: `SELECT is_fraud, count(*) AS n FROM given_label AS given WHERE terminal_id = ? AND NOT repeats
      AND NOT EXISTS (SELECT 1 FROM given_label AS newer WHERE ${
      isLabelOf("newer", "given")
    } AND NOT newer.repeats
        AND (${rankOf("newer.")}, newer.label_id) > (${rankOf("given.")}, given.label_id)) GROUP BY is_fraud`,
    values: [terminalId],
  };
}

/** Rows of `labelsText` as counts. */
export function labelCountsOf(rows: readonly Row[]): { fraud: number; legit: number } {
  const count = (isFraud: boolean) => Number(rows.find((row) => Boolean(row.is_fraud) === isFraud)?.n ?? 0);
  return { fraud: count(true), legit: count(false) };
}

/** A row of `flaggedText`. */
export function placedOf(row: Row): PlacedTransaction {
  return {
    ...flaggedOf(row),
    partition: Number(row.partition),
    label: row.is_fraud === null ? null : row.is_fraud ? "fraud" : "legit",
    labelSource: row.source as PlacedTransaction["labelSource"],
    labelledBy: row.labelled_by as string | null,
  };
}

/** The newest flagged transactions that pass a filter. */
export function flaggedText(topic: string, filter: FlaggedFilter): QueryText {
  const conditions = ["flagged.topic = ?"];
  const values: (string | number)[] = [topic];
  const where = (condition: string, ...given: (string | number | undefined)[]) => {
    if (given[0] === undefined) return;
    conditions.push(condition);
    values.push(...given as (string | number)[]);
  };
  where("flagged.customer_id = ?", filter.customerId);
  where("flagged.terminal_id = ?", filter.terminalId);
  where("flagged.timestamp_ms >= ?", filter.fromMs);
  where("flagged.timestamp_ms < ?", filter.toMs);
  where("anomaly_score >= ?", filter.minScore);
  if (filter.minAmount !== undefined) addAmount(filter.minAmount, conditions, values);
  if (filter.label === "none") {
    // In these words a server finds the first rows without looking at all.
    conditions.push(`NOT EXISTS (SELECT 1 FROM given_label AS each WHERE ${isLabelOf("each", "flagged")})`);
  } else if (filter.label !== undefined) conditions.push(`newest.is_fraud = ${filter.label === "fraud"}`);
  where("newest.source = ?", filter.labelSource);
  const { before } = filter;
  if (before !== undefined) {
    where("flagged.timestamp_ms <= ?", before.timestampMs);
    where(
      '(flagged.timestamp_ms < ? OR (partition, "offset") < (?, ?))',
      before.timestampMs,
      before.partition,
      before.offset,
    );
  }
  values.push(filter.limit, filter.maxBytes ?? Number.MAX_SAFE_INTEGER);
  const order = 'timestamp_ms DESC, partition DESC, "offset" DESC';
  // Sizes first: of a page that is cut short the other verdicts are not read.
  return {
    text: `WITH page AS (
        SELECT flagged.topic, partition, "offset", flagged.timestamp_ms, octet_length(verdict) AS bytes,
          newest.is_fraud, newest.source, newest.labelled_by
        FROM flagged ${WITH_LABEL} WHERE ${conditions.join(" AND ")}
        ORDER BY flagged.${order} LIMIT ?
      ), sized AS (
        SELECT page.*, sum(bytes) OVER newest_first - bytes - lag(bytes, 1, 0) OVER newest_first AS bytes_before
        FROM page WINDOW newest_first AS (ORDER BY ${order})
      )
      SELECT flagged.*, sized.is_fraud, sized.source, sized.labelled_by FROM sized JOIN flagged
        ON flagged.topic = sized.topic AND flagged.partition = sized.partition AND flagged."offset" = sized."offset"
      WHERE bytes_before < ? ORDER BY flagged.timestamp_ms DESC, flagged.partition DESC, flagged."offset" DESC`,
    values,
  };
}

/** Amounts are kept in minor units, of which a currency has 1, 100, 1,000 or 10,000 to a major one. */
function addAmount(minAmount: number, conditions: string[], values: (string | number)[]) {
  const cases = [...CURRENCIES_BY_DIGITS].map(([digits, currencies]) => {
    values.push(...currencies, leastMinor(minAmount, 10 ** digits));
    return `WHEN currency IN (${currencies.map(() => "?").join(", ")}) THEN CAST(? AS BIGINT)`;
  });
  values.push(leastMinor(minAmount, 100));
  conditions.push(`amount_minor >= CASE ${cases.join(" ")} ELSE CAST(? AS BIGINT) END`);
}

/** The newest transactions of a customer or a terminal in one of the tables that hold some. */
export function recentText(
  table: "transaction_log" | "flagged",
  topic: string,
  which: { customerId: string } | { terminalId: string },
  limit: number,
): QueryText {
  const [column, id] = "customerId" in which
    ? ["customer_id", which.customerId]
    : ["terminal_id", which.terminalId];
  return {
    text: `SELECT partition, "offset", transaction_id, amount_minor, currency, timestamp_ms, anomaly_score${
      table === "flagged" ? "" : ", flagged"
    } FROM ${table} WHERE ${column} = ? AND topic = ? ORDER BY timestamp_ms DESC LIMIT ?`,
    values: [id, topic, limit],
  };
}

/** Rows of log and flagged transactions as one list, the newest first, each transaction once. */
export function recentOf(
  logged: readonly Row[],
  flagged: readonly Row[],
  limit: number,
): RecentTransaction[] {
  const byPlace = new Map<string, RecentTransaction>();
  const add = (row: Row, isFlagged: boolean) =>
    byPlace.set(`${row.partition}/${row.offset}`, {
      partition: Number(row.partition),
      offset: Number(row.offset),
      transactionId: String(row.transaction_id),
      amountMinor: Number(row.amount_minor),
      currency: row.currency === null ? null : String(row.currency),
      timestampMs: Number(row.timestamp_ms),
      anomalyScore: Number(row.anomaly_score),
      flagged: isFlagged,
    });
  for (const row of logged) add(row, Boolean(row.flagged));
  for (const row of flagged) add(row, true);
  return [...byPlace.values()].sort((a, b) =>
    b.timestampMs - a.timestampMs || b.partition - a.partition || b.offset - a.offset
  ).slice(0, limit);
}
