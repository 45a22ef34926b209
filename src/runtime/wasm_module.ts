const MODULE_URL = new URL("../../build/edgewood.wasm", import.meta.url);

let compiled: Promise<WebAssembly.Module> | undefined;

/** The WebAssembly module that decoder and scorer instantiate, compiled once in a process; throws if it is not built. */
export function builtModule(): Promise<WebAssembly.Module> {
  compiled ??= compileBuiltModule().catch((error) => {
    compiled = undefined; // it may have been built by the next call
    throw error;
  });
  return compiled;
}

async function compileBuiltModule(): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await Deno.readFile(MODULE_URL));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      "Cannot load the WebAssembly module as build/edgewood.wasm must exist (run `deno task build`): current value is absent",
      { cause },
    );
  }
}
