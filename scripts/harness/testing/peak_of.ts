/** Prints the peak memory of a program of the given code, bytes: to read /proc takes all permissions, which tests lack. */
import { startDeno } from "../../../src/testing/process.ts";
import { measuredProcess } from "../../bench/runs/measured_process.ts";

const script = new URL(`data:text/javascript,${encodeURIComponent(Deno.args[0])}`);
const { code, peakRssBytes } = await measuredProcess(() => startDeno(script, []));
console.log(peakRssBytes);
Deno.exit(code);
