import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { DurableFolders } from "./durable_folders.ts";

/** Flushes that end when they are told to, in the order in which they began. */
function heldFlushes() {
  const begun: { folder: string; end: PromiseWithResolvers<void> }[] = [];
  return {
    begun,
    flush(folder: string): Promise<void> {
      const end = Promise.withResolvers<void>();
      begun.push({ folder, end });
      return end.promise;
    },
  };
}

/** Lets everything that is not waiting for a flush go on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("flush() is shared by those who ask while another one is under way, and begins after it", async () => {
  const { begun, flush } = heldFlushes();
  const folders = new DurableFolders("/r", flush);
  const done: number[] = [];
  const ask = (i: number) => folders.flush("/r/a").then(() => done.push(i));
  const asked = [ask(0), ask(1), ask(2)];
  await settled();
  assertEquals(begun.length, 1);
  begun[0].end.resolve();
  await settled();
  // The names of 1 and 2 may have come after the first flush began.
  assertEquals([done, begun.length], [[0], 2]);
  asked.push(ask(3));
  begun[1].end.resolve();
  await settled();
  assertEquals([done, begun.length], [[0, 1, 2], 3]);
  begun[2].end.resolve();
  await Promise.all(asked);
  assertEquals(done, [0, 1, 2, 3]);
});

Deno.test("flush() that fails is told to those who share it, and the next one tries anew", async () => {
  const { begun, flush } = heldFlushes();
  const folders = new DurableFolders("/r", flush);
  const first = assertRejects(() => folders.flush("/r"), Error, "disk");
  const next = folders.flush("/r");
  begun[0].end.reject(new Error("disk"));
  await first;
  await settled();
  begun[1].end.resolve();
  await next;
  const alone = folders.flush("/r");
  begun[2].end.resolve();
  await alone;
});

Deno.test("make() calls a folder named only after every folder above it was flushed with its name in it", async () => {
  const root = Deno.makeTempDirSync();
  const names = new Map<string, string[]>();
  const { begun, flush } = heldFlushes();
  const folders = new DurableFolders(root, (folder) => {
    names.set(folder, [...Deno.readDirSync(folder)].map(({ name }) => name));
    return flush(folder);
  });
  const { made, named } = folders.make(`${root}/a/b`);
  let isNamed = false;
  const told = named.then(() => isNamed = true);
  await made;
  await settled();
  assertEquals(begun.map(({ folder }) => folder).toSorted(), [root, `${root}/a`]);
  assertEquals([names.get(root), names.get(`${root}/a`)], [["a"], ["b"]]);
  begun[0].end.resolve();
  await settled();
  assertEquals(isNamed, false);
  begun[1].end.resolve();
  await told;
  // Known by now: nothing is flushed again.
  await folders.make(`${root}/a/b`).named;
  assertEquals(begun.length, 2);
  folders.forget();
  const again = folders.make(`${root}/a`);
  await again.made;
  await settled();
  assertEquals(begun.length, 3);
  begun[2].end.resolve();
  await again.named;
});

Deno.test("make() flushes a folder twice for many folders that are made in it during the first flush", async () => {
  const root = Deno.makeTempDirSync();
  const { begun, flush } = heldFlushes();
  const folders = new DurableFolders(root, flush);
  const all = Array.from({ length: 200 }, (_, i) => folders.make(`${root}/${i}`));
  await Promise.all(all.map(({ made }) => made));
  await settled();
  assertEquals([[...Deno.readDirSync(root)].length, begun.length], [200, 1]);
  begun[0].end.resolve();
  await settled();
  begun[1].end.resolve();
  await Promise.all(all.map(({ named }) => named));
  assertEquals(begun.length, 2);
});

Deno.test("make() fails where a folder cannot be made, and tries anew when asked again", async () => {
  const root = Deno.makeTempDirSync();
  const folders = new DurableFolders(root);
  await Deno.writeTextFile(`${root}/a`, "a file");
  for (let attempt = 0; attempt < 2; attempt++) {
    const { made, named } = folders.make(`${root}/a/b`);
    await assertRejects(() => made);
    await assertRejects(() => named);
  }
  await Deno.remove(`${root}/a`);
  const { made, named } = folders.make(`${root}/a/b`);
  await Promise.all([made, named]);
});
