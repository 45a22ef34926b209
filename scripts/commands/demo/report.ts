import type { Detection } from "../../../src/evaluate/detection.ts";
import type { LedgerSummary } from "../../../src/ledger/ledger.ts";
import type { Verification } from "../../../src/verify/verify.ts";

/** What a demo came to; every figure is measured on ledger, stream and objects. */
export interface DemoResult extends LedgerSummary {
  /** Records of the stream over the time from the first produced to the last relayed. */
  recordsPerS: number;
  detection: Detection;
  /** What a forest of amount, hour and weekday flags of the same transactions. */
  rawDetection: Detection;
  verification: Verification;
  examples: string[];
  objectsDir: string;
  dir: string;
  /** How long all of it took. */
  seconds: number;
}

const SCENARIOS: Readonly<Record<number, string>> = {
  1: "high amount: above 220",
  2: "compromised terminal: 28 days, amounts as usual",
  3: "compromised card: 14 days, amounts five-fold",
  4: "card testing: bursts of payments below 3",
};

const count = (value: number) => value.toLocaleString("en-US");
const percent = (value: number) => Number.isNaN(value) ? "-" : `${(100 * value).toFixed(1)}%`;

/** Writes the results for a person who has never seen them. */
export function describeDemo(result: DemoResult): string {
  const { verification } = result;
  const rows = [
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
    ["p50", `${result.latencyP50Ms} ms`, "from produced to committed in the ledger"],
    ["p99", `${result.latencyP99Ms} ms`, ""],
    [
      "verified",
      verification.ok ? "yes" : "NO",
      verification.ok ? "every record exactly once; nothing lost, nothing doubled" : "see below",
    ],
  ];
  return [
    ...alignColumns(rows),
    ...verification.problems.map(({ kind, count, examples }) =>
      `PROBLEM ${kind}: ${count}, such as ${examples[0]}`
    ),
    "",
    ...describeCatch(result.rawDetection, result.detection),
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

/** The same transactions, seen by two forests: a table with a line for each kind of fraud. */
function describeCatch(raw: Detection, shipped: Detection): string[] {
  const share = (part: number, whole: number) =>
    `${percent(part / whole)} (${count(part)} of ${count(whole)})`;
  const caughtOf = ({ scenarios }: Detection, scenario: number) => {
    const { caught, frauds } = scenarios.find((each) => each.scenario === scenario)!;
    return share(caught, frauds);
  };
  const rows = [
    ["", "amount, hour, weekday", "the shipped features"],
    ["flagged", count(raw.flagged), count(shipped.flagged)],
    ["  of these, frauds", share(raw.caught, raw.flagged), share(shipped.caught, shipped.flagged)],
    ["frauds found", share(raw.caught, raw.frauds), share(shipped.caught, shipped.frauds)],
    ...shipped.scenarios.map(({ scenario }) => [
      `  ${SCENARIOS[scenario] ?? `scenario ${scenario}`}`,
      caughtOf(raw, scenario),
      caughtOf(shipped, scenario),
    ]),
  ];
  return [
    "What was found by two forests on the same transactions. One sees amount, hour and weekday of a payment; the other, as",
    "shipped, also what its card usually pays and what labels, which come 7 days late, say of its terminal. The simulator",
    "knows every fraud. Both forests learned from transactions of another seed, where they flag one in a hundred.",
    "",
    ...alignColumns(rows, "right"),
  ];
}

/** Pads the columns to equal width; the last one stands at the left unless told. */
function alignColumns(rows: string[][], last: "left" | "right" = "left"): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const isLeft = column === 0 || (column === row.length - 1 && last === "left");
      return isLeft ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
    }).join("  ").trimEnd()
  );
}
