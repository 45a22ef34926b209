import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import type { RecordBatch } from "../../broker/broker.ts";
import { sliceBatch } from "../../broker/record_batch.ts";
import type { Caller } from "../access/guard.ts";
import type { Hold } from "../connections.ts";
import { judge, type Judgement } from "../judge.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { readBody } from "../access/read_body.ts";
import { ANSWERS } from "./answers.ts";
import { transaction } from "./requests.ts";
import type { HttpRequest, Route } from "./route.ts";
import { splitBody } from "../access/split_body.ts";

const MAX_TRANSACTIONS = 10_000;
const MAX_BYTES = 16 * 2 ** 20;
const BODY_TIMEOUT_MS = 10_000;
/** Transactions after which the event loop gets a turn. */
const TURN_RECORDS = 64;

/** `POST /v1/score`: one transaction, an array of them, or NDJSON. */
export function scoreRoutes(parts: HttpParts): Route[] {
  const handle = async (request: HttpRequest, _caller: Caller, hold: Hold): Promise<Response> => {
    const type = (request.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
    if (type !== "application/json" && type !== "application/x-ndjson") {
      throw new Problem(415, "The content type must be application/json or application/x-ndjson.");
    }
    const bytes = await readBody(request.raw, { maxBytes: MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS, hold });
    const format = type === "application/json" ? "json" : "ndjson";
    const { batch, isSingle } = await splitBody(bytes, format, MAX_TRANSACTIONS);
    if (isSingle) return json(singleAnswer(judge(batch, parts, Date.now())[0], parts));
    const turns = format === "json" ? arrayAnswer(batch, parts) : lineAnswer(batch, parts);
    return json(
      ReadableStream.from(turns).pipeThrough(new TextEncoderStream()),
      format === "json" ? "application/json" : "application/x-ndjson",
    );
  };
  return [{
    method: "post",
    path: "/v1/score",
    scope: "write",
    summary: "Scores transactions by the model and the feature state of the stream; nothing is kept of them",
    bodies: {
      "application/json": z.union([transaction, z.array(transaction).max(MAX_TRANSACTIONS)]),
      "application/x-ndjson": transaction,
    },
    answer: {
      "application/json": ANSWERS.verdicts,
      "application/x-ndjson": z.union([ANSWERS.verdict, ANSWERS.fault]),
    },
    refusals: [400, 408, 413, 415, 422],
    handle,
  }];
}

function json(body: BodyInit, type = "application/json"): Response {
  return new Response(body, { headers: { "content-type": type, "cache-control": "no-store" } });
}

function singleAnswer(judgement: Judgement, parts: HttpParts): string {
  if ("reason" in judgement) throw new Problem(422, `${judgement.reason}: ${judgement.detail}`);
  return `${head(parts)}${lineOf(judgement)}]}`;
}

async function* arrayAnswer(batch: RecordBatch, parts: HttpParts): AsyncGenerator<string> {
  yield head(parts);
  let isFirst = true;
  for await (const judgements of inTurns(batch, parts)) {
    yield (isFirst ? "" : ",") + judgements.map(lineOf).join(",");
    isFirst = false;
  }
  yield "]}";
}

async function* lineAnswer(batch: RecordBatch, parts: HttpParts): AsyncGenerator<string> {
  for await (const judgements of inTurns(batch, parts)) {
    yield judgements.map((judgement) => `${lineOf(judgement)}\n`).join("");
  }
}

async function* inTurns(batch: RecordBatch, parts: HttpParts): AsyncGenerator<Judgement[]> {
  for (let from = 0; from < batch.count; from += TURN_RECORDS) {
    if (from > 0) await setImmediate();
    const turn = sliceBatch(batch, from, Math.min(batch.count, from + TURN_RECORDS));
    yield judge(turn, parts, Date.now());
  }
}

function head({ judge: { model } }: HttpParts): string {
  return `{"model":${JSON.stringify(model.sha256)},"threshold":${model.manifest.threshold},"verdicts":[`;
}

function lineOf(judgement: Judgement): string {
  if ("reason" in judgement) return JSON.stringify({ error: judgement });
  return judgement.verdict;
}
