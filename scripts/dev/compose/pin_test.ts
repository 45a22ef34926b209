import { assertEquals } from "../../../src/testing/assert.ts";
import { pinActions, pinImages } from "./pin.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));

Deno.test("pinImages() puts a digest behind each tag of docker-compose.yml, once, and none behind our own", async () => {
  const asked: string[] = [];
  const digest = `sha256:${"a".repeat(64)}`;
  const pinned = await pinImages(await read("docker-compose.yml"), (name, tag) => {
    asked.push(`${name}:${tag}`);
    return Promise.resolve(digest);
  });
  assertEquals(
    [...new Set(asked.map((each) => each.split(":")[0]))].sort(),
    [
      "apache/kafka",
      "denoland/deno",
      "grafana/grafana",
      "pgsty/mc",
      "pgsty/minio",
      "postgres",
      "prom/prometheus",
    ],
  );
  assertEquals(pinned.split(`@${digest}`).length - 1, asked.length);
  assertEquals(pinned.includes(`edgewood:0.1.0@`), false);
  assertEquals(await pinImages(pinned, () => Promise.resolve(digest)), pinned);
});

Deno.test("pinActions() puts the commit of each action of the workflow before its tag, once", async () => {
  const commit = "b".repeat(40);
  const workflow = await read(".github/workflows/ci.yml");
  const pinned = await pinActions(workflow, () => Promise.resolve(commit));
  assertEquals(pinned.split(`@${commit} # v`).length, workflow.split("uses:").length);
  assertEquals(await pinActions(pinned, () => Promise.resolve(commit)), pinned);
});
