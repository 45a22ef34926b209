/** Checks the results of the demo: that all was accounted for, and that the catch is what a working model catches. */
const result = JSON.parse(await Deno.readTextFile(Deno.args[0]));
const checks: Record<string, boolean> = {
  "every record is verified": result.verification.ok === true && result.verification.offsets > 100_000,
  "dead letters are the broken records": result.deadLetters === 4,
  "about 1% is flagged": result.flagged > 300 && result.flagged < 3000,
  "every object is stored": result.objects > 0 && result.objects === result.objectsStored,
  "precision is above 0.4": result.detection.precision > 0.4,
  "recall is above 0.3": result.detection.recall > 0.3,
  "high amounts are found": result.detection.scenarios[0].caught > 0.8 * result.detection.scenarios[0].frauds,
  "three are told in words": result.examples.length === 3 &&
    result.examples.every((text: string) => text.includes("because")),
  "latency comes from the ledger": result.latencyP50Ms >= 0 && result.latencyP99Ms >= result.latencyP50Ms,
  "it took under a minute": result.seconds < 60,
};
const failed = Object.entries(checks).filter(([, ok]) => !ok).map(([name]) => name);
if (failed.length > 0) {
  console.error(`the demo's results are wrong: ${failed.join("; ")}\n${JSON.stringify(result, null, 2)}`);
  Deno.exit(1);
}
console.log(`demo: ${Object.keys(checks).length} checks hold`);
