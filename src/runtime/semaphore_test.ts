import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { Semaphore } from "./semaphore.ts";

/** Work that is under way until it is ended. */
function openWork(room: Semaphore, size: number, signal?: AbortSignal) {
  const ended = Promise.withResolvers<string>();
  const work = { hasBegun: false, end: () => ended.resolve("done"), fail: ended.reject };
  const done = (async () => {
    using _held = await room.acquire(size, signal);
    work.hasBegun = true;
    return await ended.promise;
  })();
  return Object.assign(work, { done });
}

const begun = (works: { hasBegun: boolean }[]) => works.map(({ hasBegun }) => hasBegun);
/** Lets all promises that are settled have their turn. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("Semaphore.acquire() lets in what fits, and the others in the order in which they came", async () => {
  const room = new Semaphore(10);
  const works = [6, 4, 5, 1].map((size) => openWork(room, size));
  await settle();
  // The last one would fit, but goes behind the one that came before it.
  assertEquals(begun(works), [true, true, false, false]);
  works[1].end();
  assertEquals(await works[1].done, "done");
  await settle();
  assertEquals(begun(works), [true, true, false, false]);
  works[0].end();
  await settle();
  assertEquals(begun(works), [true, true, true, true]);
});

Deno.test("Semaphore.acquire() gives more than there is to one alone, and frees it when work fails", async () => {
  const room = new Semaphore(10);
  const works = [3, 25, 1].map((size) => openWork(room, size));
  await settle();
  assertEquals(begun(works), [true, false, false]);
  works[0].fail(new Error("no"));
  await assertRejects(() => works[0].done, Error, "no");
  await settle();
  assertEquals(begun(works), [true, true, false]);
  works[1].end();
  await works[1].done;
  await settle();
  assertEquals(begun(works), [true, true, true]);
});

Deno.test("Semaphore.acquire() leaves the queue when its signal aborts, and lets in those behind it", async () => {
  const room = new Semaphore(10);
  const leaving = new AbortController();
  const works = [openWork(room, 5), openWork(room, 9, leaving.signal), openWork(room, 5)];
  leaving.abort(new Error("the end"));
  await assertRejects(() => works[1].done, Error, "the end");
  await assertRejects(() => openWork(room, 1, leaving.signal).done, Error, "the end");
  await settle();
  assertEquals(begun(works), [true, false, true]);
  works[0].end();
  await works[0].done;
  // Work that has begun is not broken off.
  const late = new AbortController();
  const last = openWork(room, 5, late.signal);
  await settle();
  late.abort();
  last.end();
  assert(await last.done === "done");
});
