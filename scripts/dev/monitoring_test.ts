import { parse } from "yaml";
import { missingLines } from "../commands/env.ts";
import { assert, assertEquals } from "../../src/testing/assert.ts";
import { openTestingApp } from "../../src/http/testing/app.ts";
import { parseTokens } from "../../src/http/access/tokens.ts";

const FOLDER = new URL("../../src/http/monitoring/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, FOLDER));

Deno.test("every metric that the dashboard and the rules of monitoring/ name is in /metrics", async () => {
  await using app = await openTestingApp();
  await app.ask("/healthz");
  const metrics = await (await app.ask("/metrics")).text();
  const known = new Set(metrics.split("\n").map((line) => /^(\w+)/.exec(line)?.[1]));
  const dashboard = JSON.parse(await read("grafana/edgewood.json"));
  const asked: string[] = dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr)
  );
  const { groups } = parse(await read("rules.yml"));
  asked.push(...groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr)));
  assert(asked.length > 30);
  const names = asked.flatMap((expr) => expr.match(/\b(edgewood|process)_\w+/g) ?? []);
  // Those of partitions, features and listeners have no value before the first of them.
  const declared = [...metrics.matchAll(/^# TYPE (\w+) (?:counter|gauge)$/gm)].map(([, name]) => name);
  for (const name of names) assert(known.has(name) || declared.includes(name), `${name} is not in /metrics`);
});

Deno.test("the reference names every metric of /metrics, with its labels", async () => {
  await using app = await openTestingApp();
  await app.ask("/healthz");
  const metrics = await (await app.ask("/metrics")).text();
  const page = await Deno.readTextFile(new URL("../../.github/docs/reference/metrics.md", import.meta.url));
  const labelsOf = new Map(
    [...page.matchAll(/^\| `(\w+)` *\| \w+ *\| ([\w, ]*?) *\|/gm)].map(([, name, labels]) => [name, labels]),
  );
  const declared = [...metrics.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  assertEquals([...labelsOf.keys()].sort(), [...new Set(declared)].sort());
  let labelled = 0;
  for (const [, sample, pairs] of metrics.matchAll(/^(\w+)\{([^}]*)\}/gm)) {
    const name = sample.replace(/_(bucket|sum|count)$/, "");
    const labels = [...pairs.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) =>
      label !== "le"
    );
    assertEquals(labels.join(", "), labelsOf.get(name) ?? labelsOf.get(sample), sample);
    labelled++;
  }
  assert(labelled > 10, `${labelled}`);
});

Deno.test("docker-compose.yml mounts the files of monitoring/, and the service takes the tokens of `deno task env`", async () => {
  const compose = parse(await Deno.readTextFile(new URL("../../docker-compose.yml", import.meta.url)), {
    merge: true,
  });
  for (const name of ["prometheus", "grafana"]) {
    const { profiles, volumes } = compose.services[name];
    assertEquals(profiles, ["monitoring"]);
    for (const volume of volumes.filter((each: string) => each.startsWith("./"))) {
      assert((await Deno.stat(new URL(`../../${volume.split(":")[0]}`, import.meta.url))).isFile, volume);
    }
  }
  const { scrape_configs: [{ dns_sd_configs: [{ names, port }], authorization }] } = parse(
    await read("prometheus.yml"),
  );
  const [consumer] = names;
  assert(compose.services[consumer].command.includes(`0.0.0.0:${port}`));
  assertEquals(authorization.credentials_file, `/run/secrets/${compose.services.prometheus.secrets[0]}`);
  const set = new Map(missingLines("").map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  const variables = Object.values(compose.secrets as Record<string, { environment: string }>);
  for (const { environment } of variables) assert(set.has(environment), environment);
  const kept = parseTokens(set.get("EDGEWOOD_TOKENS")!.replace(/^'|'$/g, ""));
  assertEquals(kept.map(({ scopes }) => scopes.join()), ["read,write,label", "read"]);
});
