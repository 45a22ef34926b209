import { assert, assertEquals, assertRejects } from "../../src/testing/assert.ts";
import { needs, runningServices, type Service } from "../../src/testing/services.ts";
import { publishService } from "./publish_services.ts";

const service = (name: Service["name"], port: number): Service => ({
  name,
  version: "1",
  url: `${name}://127.0.0.1:${port}`,
  host: "127.0.0.1",
  port,
  pid: 1,
  user: "u",
  password: "p",
  dataDir: "/d",
  logFile: "/l",
});

async function inFolder(work: (folder: string, file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder, `${folder}/services.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("publishService() keeps what others publish at the same time, and runningServices() reads who answers", () =>
  inFolder(async (folder, file) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const refusing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const closed = (refusing.addr as Deno.NetAddr).port;
    refusing.close();
    await Promise.all([
      publishService(folder, "kafka", service("kafka", port)),
      publishService(folder, "minio", service("minio", port)),
      publishService(folder, "postgres", service("postgres", closed)),
    ]);
    const content = JSON.parse(await Deno.readTextFile(file));
    assertEquals(
      Object.keys(content),
      ["formatVersion", "KAFKA", "S3", "POSTGRES", "services"].toSorted((a, b) =>
        Object.keys(content).indexOf(a) - Object.keys(content).indexOf(b)
      ),
    );
    assertEquals(content.KAFKA, `kafka://127.0.0.1:${port}`);
    assertEquals(Object.keys(content.services), ["kafka", "minio", "postgres"]);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);

    const running = await runningServices({ file });
    assertEquals(Object.keys(running ?? {}).sort(), ["kafka", "minio"]);
    const both = await needs(["kafka", "minio"], { file });
    assertEquals(both.test("a test"), { name: "a test", ignore: false });
    assertEquals(both.services.kafka.port, port);
    const missing = await needs("postgres", { file });
    assertEquals(missing.ignore, true);
    assert(missing.test("a test").name.includes("not running: postgres"));

    for (const name of ["kafka", "minio", "postgres"] as const) await publishService(folder, name, undefined);
    assertEquals(await runningServices({ file }), undefined);
    await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
  }));

Deno.test("runningServices() refuses a file that it cannot understand, and publishService() writes it anew", () =>
  inFolder(async (folder, file) => {
    for (const text of ["", "{", "null", "[]", '{"formatVersion":2,"services":{}}', '{"formatVersion":1}']) {
      await Deno.writeTextFile(file, text);
      await assertRejects(() => runningServices({ file }), Error, "formatVersion 1");
      await publishService(folder, "kafka", service("kafka", 1024));
      assertEquals(Object.keys(JSON.parse(await Deno.readTextFile(file)).services), ["kafka"], text);
    }
  }));
