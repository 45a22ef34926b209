/**
 * How the PostgreSQL ledger writes labels.
 *
 * @module
 */
import type { GivenLabel, LabelStretch, RecordedLabel, StreamLabel } from "../labels.ts";
import {
  answerValues,
  INSERT_LABEL,
  insertStreamLabels,
  LABEL_LISTENER,
  labelKey,
  NEWEST_ANSWER,
  NEWEST_LABEL,
  SAME_ANSWER,
  STREAM_COLUMNS,
} from "../sql/labels.ts";
import { labelOf } from "../sql/rows.ts";
import { bigintArray, textArray, withoutNul } from "./binary.ts";
import type { Connection } from "./driver.ts";
import { numbered } from "./session.ts";

/** Types of `STREAM_COLUMNS`. */
const STREAM_TYPES = ["text", "text", "text", "bigint", "double precision", "boolean", "bigint"];

const INSERT_STREAM_LABELS = insertStreamLabels(
  `unnest(${STREAM_TYPES.map((type, i) => `$${i + 3}::${type}[]`).join(", ")}) AS new (${
    STREAM_COLUMNS.join(", ")
  })`,
  "$1::text",
  "$2::bigint",
);

/**
 * Records answers, in a transaction.
 *
 * @param isRepeated Whether an earlier attempt may have recorded them and lost the answer.
 */
export async function addLabels(
  client: Connection,
  labels: readonly GivenLabel[],
  isRepeated: boolean,
): Promise<RecordedLabel[]> {
  // One at a time for each id, in one order, so that no two labels of a transaction cross.
  for (const transactionId of new Set(labels.map((label) => label.transactionId).sort())) {
    await client.query(
      "SELECT pg_advisory_xact_lock(hashtextextended('edgewood label ' || current_schema() || ' ' || $1, 0))",
      [transactionId],
    );
  }
  const recorded: RecordedLabel[] = [];
  for (const label of labels) {
    const first = async (text: string, values: readonly unknown[]) =>
      (await client.query(numbered(text), values)).rows[0];
    const key = labelKey(label);
    const { isFraud, decidedAtMs, labelledBy } = label;
    const same = isRepeated
      ? await first(SAME_ANSWER, [...key, isFraud, decidedAtMs, labelledBy])
      : undefined;
    const values = async () =>
      answerValues(label, await first(NEWEST_LABEL, key), await first(NEWEST_ANSWER, key));
    recorded.push(labelOf(same ?? await first(INSERT_LABEL, await values())));
  }
  return recorded;
}

/** Records labels of the stream, none of them twice, in a transaction; gives the offset to read next. */
export async function addStreamLabels(
  client: Connection,
  { topic, partition, expectedOffset, nextOffset }: LabelStretch,
  labels: readonly StreamLabel[],
  nowMs: number,
): Promise<number> {
  const place = [LABEL_LISTENER, topic, partition];
  const isPlace = "WHERE listener = $1 AND topic = $2 AND partition = $3";
  await client.query("INSERT INTO listener_position VALUES ($1, $2, $3, -1) ON CONFLICT DO NOTHING", place);
  const { rows: [{ offset }] } = await client.query(
    `SELECT "offset" FROM listener_position ${isPlace} FOR UPDATE`,
    place,
  );
  const found = Number(offset) + 1;
  if (found !== expectedOffset) return found;
  const ids = (field: "transactionId" | "customerId" | "terminalId") =>
    textArray(labels.map((label) => withoutNul(label[field])));
  await client.query(INSERT_STREAM_LABELS, [
    topic,
    nowMs,
    ids("transactionId"),
    ids("customerId"),
    ids("terminalId"),
    bigintArray(labels.map(({ timestampMs }) => timestampMs)),
    labels.map(({ z }) => z),
    labels.map(({ isFraud }) => isFraud),
    bigintArray(labels.map(({ labelledAtMs }) => labelledAtMs)),
  ]);
  await client.query(`UPDATE listener_position SET "offset" = $4 ${isPlace}`, [...place, nextOffset - 1]);
  return nextOffset;
}
