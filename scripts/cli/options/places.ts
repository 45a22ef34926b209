/**
 * Options that name a file, a folder or an address, and with it the permission that the command needs.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { dirname } from "node:path";
import { type HttpAddress, parseAddress } from "../../../src/http/address.ts";
import type { Permissions } from "../../../src/runtime/engine.ts";
import { needing } from "../launch/needs.ts";

/** An option that names a file to read; `-` is standard input. */
export function fileToRead(flags: string, description: string): Option {
  return place(flags, description, (read) => ({ read }));
}

/** An option that names a file to write; it is written beside its place and renamed, which takes the folder. */
export function fileToWrite(flags: string, description: string): Option {
  return place(flags, description, (files) => ({ write: files.map(dirname) }));
}

/** An option that names a folder to write. */
export function folderToWrite(flags: string, description: string): Option {
  return place(flags, description, (write) => ({ write }));
}

/** An option that names an address to listen at. */
export function addressToListen(flags: string, description: string): Option {
  return place(flags, description, listening).argParser(httpAddress);
}

/** What a process needs that listens, at those of the addresses that can be used, and serves the page. */
export function listening(addresses: readonly string[]): Permissions {
  const net = addresses.filter(isAddress).map((address) => address.replace(/^localhost:/, "127.0.0.1:"));
  return net.length === 0 ? {} : { net, read: ["src", "assembly"] };
}

/** Lets a command read the compiled WASM module. */
export function usesModule(command: Command): Command {
  return needing(command, () => ({ read: ["build"] }));
}

/**
 * Reads an address to listen at for commander's `option`.
 *
 * @param text `HOST:PORT`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { httpAddress } from "./places.ts";
 *
 * assertEquals(httpAddress("127.0.0.1:8080"), { hostname: "127.0.0.1", port: 8080 });
 * ```
 */
export function httpAddress(text: string): HttpAddress {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch (error) {
    // The command says what is wrong with it; until then it may listen nowhere.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function place(flags: string, description: string, need: (places: string[]) => Permissions): Option {
  const option = new Option(flags, description);
  return needing(option, ({ values }) => need(values(option.long!)));
}
