import type { Detection } from "../src/evaluate/detection.ts";
import type { LedgerSummary } from "../src/ledger/ledger.ts";
import type { Verification } from "../src/verify/verify.ts";

/** What a demo came to; every figure is measured on ledger, stream and objects. */
export interface DemoResult extends LedgerSummary {
  /** Records of the stream over the time from the first produced to the last relayed. */
  recordsPerS: number;
  detection: Detection;
  verification: Verification;
  /** Flagged transactions in words. */
  examples: string[];
  /** Folder of the flagged transactions. */
  objectsDir: string;
  /** Folder of all. */
  dir: string;
  /** How long all of it took. */
  seconds: number;
}

const SCENARIOS: Readonly<Record<number, string>> = {
  1: "high amount",
  2: "compromised terminal",
  3: "compromised card",
  4: "card testing",
};

/** Writes the results for a person who has never seen them. */
export function describeDemo(result: DemoResult): string {
  const { detection, verification } = result;
  const count = (value: number) => value.toLocaleString("en-US");
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  const rows: [string, string, string][] = [
    [
      "records",
      count(verification.offsets),
      `${count(Math.round(result.recordsPerS))} a second, ledger and objects included`,
    ],
    ["flagged", count(result.flagged), `${percent(result.flagged / result.scored)} of the scored ones`],
    [
      "dead letters",
      count(result.deadLetters),
      "broken records, mixed in on purpose; kept with their reason",
    ],
    [
      "precision",
      percent(detection.precision),
      `${count(detection.caught)} of ${count(detection.flagged)} flagged are frauds`,
    ],
    [
      "recall",
      percent(detection.recall),
      `${count(detection.caught)} of ${count(detection.frauds)} frauds are flagged`,
    ],
    ...detection.scenarios.map(({ scenario, frauds, caught }): [string, string, string] => [
      `  ${SCENARIOS[scenario] ?? `scenario ${scenario}`}`,
      percent(caught / frauds),
      `${count(caught)} of ${count(frauds)}`,
    ]),
    ["p50", `${result.latencyP50Ms} ms`, "from produced to committed in the ledger"],
    ["p99", `${result.latencyP99Ms} ms`, ""],
    [
      "verified",
      verification.ok ? "yes" : "NO",
      verification.ok ? "every record exactly once; nothing lost, nothing doubled" : "see below",
    ],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return [
    ...rows.map(([name, value, note]) =>
      `${name.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${note}`.trimEnd()
    ),
    ...verification.problems.map(({ kind, count, examples }) =>
      `PROBLEM ${kind}: ${count}, such as ${examples[0]}`
    ),
    "",
    "Three of the flagged transactions:",
    ...result.examples.map((example) => `  ${example}`),
    "",
    `The flagged transactions lie in ${result.objectsDir}/dt=…/hour=…/, a JSON object a line.`,
    `All of it took ${result.seconds.toFixed(1)} s and needed no server. What to type next:`,
    "",
    `  deno task verify --stream sqlite:${result.dir}/stream.db --ledger sqlite:${result.dir}/ledger.db --objects file:${result.dir}/objects`,
    "  deno task produce --count 100000        a stream of your own, in .edgewood/",
    "  deno task consume --until-empty         score it with the model in model/",
    "  deno task train --input FILE.csv --out DIR   a model of your own table",
  ].join("\n");
}
