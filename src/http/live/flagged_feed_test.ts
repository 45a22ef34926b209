import { assert, assertEquals } from "../../testing/assert.ts";
import { outcomeOf } from "../../ledger/testing/outcomes.ts";
import { FlaggedFeed } from "./flagged_feed.ts";

Deno.test("FlaggedFeed keeps the newest events, few of large ones", () => {
  for (const [size, most] of [[10, 2000], [60_000, 150]]) {
    const feed = new FlaggedFeed();
    const [flagged] = outcomeOf("t", [0, 1], 1).flagged;
    const verdict = "x".repeat(size);
    for (let offset = 0; offset < 5000; offset++) {
      feed.committed({ topic: "t", partition: 0, flagged: [{ ...flagged, offset, verdict }] });
    }
    assertEquals(feed.after("t/0/4990")?.length, 9);
    const kept = feed.after(`t/0/${5000 - most}`);
    assert(
      feed.after("t/0/0") === undefined && (kept === undefined || kept.length < most),
      `${kept?.length}`,
    );
    assert(feed.after("t/0/4940") !== undefined);
  }
});
