/// <reference lib="dom" />
import { h } from "preact";
import type { Drawn } from "../drawn.ts";

/** A figure and its name in a list of facts. */
export function fact(name: string, value: string): Drawn {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}
