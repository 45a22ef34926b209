/**
 * A ledger and a directory of a test's own, with an object relay between them.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { FlaggedTransaction, Ledger } from "../../ledger/ledger.ts";
import { outcomeOf } from "../../ledger/testing/outcomes.ts";
import { openSqliteLedger } from "../../ledger/sqlite/ledger.ts";
import { openDirectory } from "../../objects/directory/store.ts";
import type { ObjectStore } from "../../objects/objects.ts";
import { type FlushOptions, objectStep } from "../objects.ts";
import { assertEquals } from "../../testing/assert.ts";
import type { RelayStep } from "../relay.ts";
import type { Semaphore } from "../../runtime/semaphore.ts";

const HOUR_MS = 3_600_000;
/** Topic whose objects are cut. */
export const TOPIC = "transactions";
/** Partition of it. */
export const PARTITION = 0;

/** A flagged transaction at an offset; three in a row share an event hour, and after `hours` of them the first comes back. */
export function flaggedAt(offset: number, hours = 2, note = ""): FlaggedTransaction {
  return {
    offset,
    transactionId: `t${offset}`,
    customerId: "c",
    terminalId: "m",
    amountMinor: 100,
    currency: null,
    timestampMs: Math.floor(offset / 30) % hours * HOUR_MS,
    anomalyScore: 0.9,
    verdict: JSON.stringify({ topic: TOPIC, partition: PARTITION, offset, note: note || "x".repeat(40) }),
  };
}

/** A partition with its ledger, and the store of its objects; disposing of it removes both. */
export class ObjectRelayFixture implements AsyncDisposable {
  readonly folder: string = Deno.makeTempDirSync();
  ledger: Ledger;
  readonly store: ObjectStore;
  /** Keys of what the steps set aside. */
  readonly setAside: string[] = [];
  /** Of the newest claim. */
  epoch = 0;
  #nextOffset = 0;

  /** On embedded engines unless others are given. */
  constructor({ ledger, store }: { ledger?: Ledger; store?: ObjectStore } = {}) {
    this.ledger = ledger ?? openSqliteLedger(`${this.folder}/ledger.db`);
    this.store = store ?? openDirectory(`${this.folder}/objects`);
  }

  /** Claims the partition, from whoever has it. */
  async claim(): Promise<this> {
    ({ epoch: this.epoch } = await this.ledger.claim(TOPIC, PARTITION, { owner: "a", streamId: "s" }));
    return this;
  }

  /** Commits this many flagged transactions but for the first ones, ten offsets apart, of so many event hours. */
  async commit(count: number, { hours = 2, note = "", skip = 0 } = {}): Promise<void> {
    const flagged = Array.from({ length: count }, (_, i) => flaggedAt(this.#nextOffset + i * 10, hours, note))
      .slice(skip);
    const nextOffset = this.#nextOffset + count * 10;
    await this.ledger.commit({
      topic: TOPIC,
      partition: PARTITION,
      epoch: this.epoch,
      firstOffset: this.#nextOffset,
      nextOffset,
      labelOffsets: [],
      model: "m",
      logMode: "none",
      scored: count * 10,
      log: outcomeOf(TOPIC, [0, 0], this.epoch).log,
      flagged,
      deadLetters: [],
      passed: 0,
      committedAtMs: 0,
    });
    this.#nextOffset = nextOffset;
  }

  /** A copy of the ledger, to `restore`. */
  copy(): () => Ledger {
    const path = `${this.folder}/${crypto.randomUUID()}.db`;
    const database = new DatabaseSync(`${this.folder}/ledger.db`);
    // All into the file itself; VACUUM INTO asks for every permission there is.
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    Deno.copyFileSync(`${this.folder}/ledger.db`, path);
    return () => openSqliteLedger(path);
  }

  /** Goes back to a copy of the ledger; what was committed since is lost. */
  async restore(openCopy: () => Ledger | Promise<Ledger>): Promise<void> {
    await this.ledger[Symbol.asyncDispose]();
    this.ledger = await openCopy();
    this.#nextOffset = (await this.ledger.partitions())[0]?.nextOffset ?? 0;
  }

  /** Throws unless each flagged row of the ledger, so many, is in one object, as the ledger has it. */
  async assertEachRowOnce(count: number): Promise<void> {
    const lines: string[] = [];
    for await (const key of this.store.list("flagged/")) {
      lines.push(...new TextDecoder().decode(await this.store.get(key)).trim().split("\n"));
    }
    const flagged = await this.ledger.flaggedAfter(TOPIC, PARTITION, -1, 10_000);
    assertEquals(lines.toSorted(), flagged.map(({ verdict }) => verdict).toSorted());
    assertEquals(flagged.length, count);
  }

  /** A relay's step under the newest claim. */
  step(
    options: FlushOptions,
    over: { ledger?: Ledger; store?: ObjectStore; cutMemory?: Semaphore } = {},
  ): RelayStep {
    const { ledger, store, epoch } = { ledger: this.ledger, store: this.store, epoch: this.epoch, ...over };
    const { cutMemory } = over;
    return objectStep(
      {
        ledger,
        store,
        format: "ndjson",
        cutMemory,
        onSetAside: (moved) => this.setAside.push(...moved.map(({ key }) => key)),
      },
      { topic: TOPIC, partition: PARTITION, epoch },
      options,
    );
  }

  /** Keys below the day and numbers of rows of the objects. */
  async objects(): Promise<[string, number][]> {
    const keys = await Array.fromAsync(this.store.list("flagged/"));
    return await Promise.all(keys.map(async (key): Promise<[string, number]> => {
      const text = new TextDecoder().decode(await this.store.get(key));
      return [key.replace("flagged/dt=1970-01-01/", ""), text.trim().split("\n").length];
    }));
  }

  /** Removes ledger and objects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A store that does some things otherwise. */
export function storeWith(store: ObjectStore, methods: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get(_, name) {
      const value = Reflect.get(name in methods ? methods : store, name, store);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

/** Steps until nothing more is due. */
export async function drain(step: RelayStep, finish = false): Promise<number> {
  for (;;) {
    const next = await step(finish);
    if (next !== "more") return next;
  }
}

/** A fixture whose partition is claimed. */
export const openObjectRelay = (): Promise<ObjectRelayFixture> => new ObjectRelayFixture().claim();
