import { assert, assertEquals, assertStringIncludes } from "../../testing/assert.ts";
import { buildModule } from "../../testing/module.ts";
import { openPageFiles } from "./files.ts";

await buildModule();
const files = await openPageFiles();
const text = (path: string) => new TextDecoder().decode(files.get(path)!.bytes);

Deno.test("openPageFiles() has every file that the page names, and names no other host", () => {
  const named = [...text("/").matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path);
  assert(named.length >= 5, String(named));
  for (const path of named) assert(files.get(path), path);
  for (const path of [...files.keys()].filter((path) => path.startsWith("/assets/src/"))) {
    for (const [, specifier] of text(path).matchAll(/^(?:import|export) .*from "([^"]+)"/gm)) {
      assert(files.get(new URL(specifier, `http://host${path}`).pathname), `${specifier} of ${path}`);
    }
  }
});

Deno.test("openPageFiles() scores with the stages of the stream, in the browser", () => {
  for (
    const path of [
      "decode/decode.ts",
      "pipeline/judge.ts",
      "features/features.ts",
      "forest/scorer/scorer.ts",
    ]
  ) {
    assert(files.get(`/assets/src/${path}`), path);
  }
});

Deno.test("openPageFiles() has no inline script or style, and finds nothing that is not the page's", () => {
  const page = text("/");
  assert(!/<style|style=|<script(?![^>]*src=)|\son\w+=/i.test(page), page);
  for (
    const path of ["/assets/", "/assets/../deno.json", "/assets/deno.json", "/assets/src/config.ts", "", "//"]
  ) {
    assertEquals(files.has(path), false, path);
  }
});

Deno.test("openPageFiles() has types and ETags that follow from the bytes", async () => {
  const again = await openPageFiles();
  for (const path of files.keys()) assertEquals(again.get(path)!.etag, files.get(path)!.etag);
  assertEquals(new Set([...files.keys()].map((path) => files.get(path)!.etag)).size, files.size);
  assertStringIncludes(files.get("/assets/src/page/main.ts")!.type, "text/javascript");
  assertEquals(files.get("/assets/edgewood.wasm")!.type, "application/wasm");
});
