import { assertEquals, assertRejects } from "../testing/assert.ts";
import { openLineWriter } from "./line_writer.ts";

Deno.test("openLineWriter() leaves what was there until the file is whole", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/scores.csv`;
  const names = () => Array.from(Deno.readDirSync(directory), (entry) => entry.name);
  await Deno.writeTextFile(path, "old");
  {
    await using writer = await openLineWriter(path);
    await writer.write("half");
  }
  assertEquals([await Deno.readTextFile(path), names()], ["old", ["scores.csv"]]);
  {
    await using writer = await openLineWriter(path);
    await writer.write("new ");
    await writer.write("rows");
    await writer.finish();
  }
  assertEquals([await Deno.readTextFile(path), names()], ["new rows", ["scores.csv"]]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("openLineWriter() refuses a folder and a path in no folder", async () => {
  const directory = await Deno.makeTempDir();
  await assertRejects(() => openLineWriter(directory), Error, "it is a folder");
  await assertRejects(() => openLineWriter(`${directory}/none/x.csv`), Error, "Cannot write");
  await Deno.writeTextFile(`${directory}/file`, "");
  await assertRejects(() => openLineWriter(`${directory}/file/x.csv`), Error, "Cannot write");
  await Deno.remove(directory, { recursive: true });
});
