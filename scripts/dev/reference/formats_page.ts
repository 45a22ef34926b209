import { z } from "zod";
import { MAX_DEPTH, MAX_RECORD_BYTES } from "../../../src/decode/json.ts";
import { decodeLabel } from "../../../src/decode/label.ts";
import { TransactionError } from "../../../src/domain/transaction.ts";
import { manifestSchema } from "../../../src/forest/manifest.ts";
import { ANSWERS } from "../../../src/http/routes/answers.ts";
import { transactionFields } from "../../../src/http/routes/requests.ts";
import { objectEncoders } from "../../../src/objects/formats/encoders.ts";
import { objectKey } from "../../../src/objects/keys.ts";
import { deadLetterTopic } from "../../../src/relay/dead_letters.ts";
import { type FieldSchema, fieldTable, type Meanings, prose, table } from "./table.ts";

const HEADS = ["field", "type", "required", "meaning"];
const KIB = MAX_RECORD_BYTES / 1024;
const ROOT = new URL("../../../", import.meta.url);
const LABEL = {
  transaction_id: ["1-55", "which transaction"],
  customer_id: ["c769", "its customer"],
  terminal_id: ["t987", "its terminal"],
  timestamp: ["2026-01-01T02:00:01.000Z", "time of the transaction, RFC 3339 or epoch milliseconds"],
  is_fraud: [true, "true, false, 1 or 0"],
  labelled_at: ["2026-01-08T09:30:00.000Z", "when it became known; later transactions see the label"],
  z: [1.5, "the customer's z at the transaction: how a fraud is put down to card or terminal"],
} as const;

const TRANSACTION: Meanings = {
  transaction_id: "unique name; of a whole number the digits count, however many",
  customer_id: "the card or its holder",
  terminal_id: "where the card was used",
  currency: "ISO 4217",
  merchant_category: "MCC, four digits",
  country: "ISO 3166-1 alpha-2",
  channel: "how it was made",
};
const VERDICT: Meanings = {
  anomaly_score: "higher is more anomalous",
  threshold: "flagged if the score is above it",
  model: "SHA-256 of the model",
  "reasons[].feature": "name of the feature",
  "reasons[].value": "its value, in the feature's own unit",
  scored_at: "when it was scored",
  topic: "topic of the record",
  partition: "its partition",
  offset: "its offset",
};
const MANIFEST: Meanings = {
  kind: "features are columns of a table, or computed from transactions",
  trainer: "who grew the trees",
  "features[].definition": "how the feature is computed; absent in a model of a table",
  "features[].transform":
    "clip((x − floor) / (ceiling − floor), 0, 4); absent if the value is taken as it is",
  presumeLegitimateAfterMs: "unlabelled transactions older than this counted as legitimate; absent: never",
  usualAmount: "what the amounts of new customers are compared with; absent: learned from the stream",
  "usualAmount.mean": "mean amount of the training, in major units",
  "usualAmount.spread": "their standard deviation over the mean",
  nEstimators: "number of trees",
  maxSamples: "rows of each tree",
  contamination: "share of rows to flag, if the threshold was set by it",
  alertsPerDay: "alerts a day, if the threshold was set by them",
  threshold: "a row is flagged if its score is greater",
  "training.sampledRows": "rows of the sample behind quantiles and threshold",
  "training.coveredDays": "from the earliest row to the latest",
  "training.features[].quantiles": "by percentage, as p50",
  "training.expectation": "on the training rows themselves",
  "training.heldOut": "on later days, by a forest of the days before",
  "training.heldOut.after": "the days begin after this",
  "training.heldOut.cardPrecision100": "mean over days of the frauds' cards among the 100 of highest score",
  "training.heldOut.bestCardPrecision100": "the same of scores that know the truth",
  "training.notKnown": "why there are no held-out days",
  "forest.sha256": "SHA-256 of forest.bin",
};

/** The page of formats: what goes in and what comes out, from the schemas and decoders that check it. */
export async function formatsPage(): Promise<string> {
  const transaction = schemaOf(z.object(transactionFields), "input");
  const { id: _id, label: _label, ...verdict } = schemaOf(ANSWERS.flagged).properties!.flagged.items!
    .properties!;
  const added = Object.entries(verdict).filter(([name]) => !(name in transactionFields));
  const verdictSchema: FieldSchema = {
    properties: Object.fromEntries(added),
    required: added.map(([name]) => name),
  };
  return [
    "# Formats",
    "## Transaction",
    prose(
      `One JSON object per record, in the topic \`transactions\`, keyed by \`customer_id\`. At most ${KIB} KiB and ` +
        `${MAX_DEPTH} levels deep, UTF-8, no key twice. Unknown fields are kept with a flagged transaction, digit by ` +
        "digit, and ignored for the score.",
    ),
    fieldTable(transaction, TRANSACTION),
    "## Label",
    "One JSON object per record, in the topic `labels`. The newest label of a transaction counts.",
    table(HEADS, labelRows()),
    "## Verdict",
    prose(
      "The transaction's own fields, unknown ones included, and these. A field of the transaction with one of these names " +
        "gives way.",
    ),
    fieldTable(verdictSchema, VERDICT),
    prose(
      "Contributions are changes of the expected path length along the row's path, averaged over the trees. They add up to " +
        "the path length minus the forest's mean.",
    ),
    "## Object",
    objectText(),
    "## Dead letter",
    prose(
      `A record that is not a valid transaction goes to \`${
        deadLetterTopic("transactions")
      }\` (the topic's name and ` +
        "`.dead-letter`) with its original key and bytes. The headers `topic`, `partition` and `offset` say where it " +
        `was, \`detail\` what is wrong, and \`reason\` is one of: ${(await deadLetterReasons()).join(", ")}.`,
    ),
    "## Model",
    "A folder with `forest.json`, `forest.bin` and a model card, `README.md`. `forest.json`:",
    fieldTable(schemaOf(manifestSchema), MANIFEST),
    prose(
      "`forest.bin`: all numbers are little-endian; a header of 32 bytes, then flat arrays. It is checked before use: every " +
        "index, bound and cycle.",
    ),
    await binaryTable(),
  ].join("\n\n");
}

function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): FieldSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: "any" }) as FieldSchema;
}

/** The label's fields; whether one is required is what the decoder says without it. */
function labelRows(): string[][] {
  const sample: Record<string, unknown> = Object.fromEntries(
    Object.entries(LABEL).map(([name, [value]]) => [name, value]),
  );
  const isTaken = (label: Record<string, unknown>) => {
    try {
      decodeLabel(new TextEncoder().encode(JSON.stringify(label)));
      return true;
    } catch (error) {
      if (error instanceof TransactionError && error.reason === "missing-field") return false;
      throw error;
    }
  };
  return Object.entries(LABEL).map(([name, [value, meaning]]) => {
    const { [name]: _left, ...rest } = sample;
    return [`\`${name}\``, typeof value, isTaken(rest) ? "" : "yes", meaning];
  });
}

function objectText(): string {
  const place = { topic: "transactions", partition: 0, firstOffset: 42, hourMs: Date.UTC(2026, 1, 13, 10) };
  const keys = Object.keys(objectEncoders).map((format) => `- \`${objectKey({ ...place, format })}\``);
  return prose(
    "Flagged transactions by day and hour of the event, in UTC; the number is the offset of the first row. NDJSON " +
      "has one verdict a line; Parquet has the same fields as columns.",
  ) + `\n\n${keys.join("\n")}`;
}

/** The reasons are a type, which has no value to read: they are read from its text. */
async function deadLetterReasons(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("src/domain/transaction.ts", ROOT));
  const union = /export type DeadLetterReason =([\s\S]*?);/.exec(text)?.[1];
  if (union === undefined) {
    throw new Error("Cannot write the formats page: src/domain/transaction.ts has no DeadLetterReason");
  }
  return [...union.matchAll(/"([\w-]+)"/g)].map(([, reason]) => reason);
}

/** The table of bytes in the header of the file that writes them. */
async function binaryTable(): Promise<string> {
  const text = await Deno.readTextFile(new URL("src/forest/binary.ts", ROOT));
  const lines = [...text.matchAll(/^ \* (\|.*\|)$/gm)].map(([, line]) => line);
  if (lines.length < 5) {
    throw new Error("Cannot write the formats page: src/forest/binary.ts has no table of bytes");
  }
  return lines.join("\n");
}
