import { assertEquals } from "../testing/assert.ts";
import { oneSidedLabels } from "./one_sided_labels.ts";

const labels = (...isFraud: number[]) => ({ count: isFraud.length, isFraud: Uint8Array.from(isFraud) });
const frauds = (count: number) => labels(...Array<number>(count).fill(1));
const MODEL = { features: [{ name: "amount" }, { name: "terminal_risk_7d" }] };

/** What is said of labels that come in these pieces. */
function saidOf(model: Parameters<typeof oneSidedLabels>[0], pieces: ReturnType<typeof labels>[]): string[] {
  const said: string[] = [];
  const look = oneSidedLabels(model, (message) => said.push(message));
  for (const piece of pieces) look(piece);
  return said;
}

Deno.test("oneSidedLabels() warns once of labels that all say fraud", () => {
  const said = saidOf(MODEL, [frauds(60), labels(), frauds(39)]);
  assertEquals(said, []);
  const [message, ...more] = saidOf(MODEL, [frauds(60), frauds(60), frauds(200)]);
  assertEquals(/first 100 labels all say fraud.*--presume-legitimate-after/.test(message), true, message);
  assertEquals(more, []);
});

Deno.test("oneSidedLabels() says nothing where one label is legitimate, or the model can do without", () => {
  assertEquals(saidOf(MODEL, [labels(1, 1, 0), frauds(500)]), []);
  assertEquals(saidOf({ ...MODEL, presumeLegitimateAfterMs: 1 }, [frauds(500)]), []);
  assertEquals(saidOf({ features: [{ name: "amount" }, { name: "z" }] }, [frauds(500)]), []);
});
