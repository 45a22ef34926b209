import type { DatabaseSync } from "node:sqlite";
import { attempt, inTransaction, openDatabase } from "../../runtime/sqlite.ts";
import schema from "./schema.sql" with { type: "text" };
import topicIds from "./topic_ids.sql" with { type: "text" };

/** Schema of an embedded stream, and its name in errors. */
export const STREAM_SCHEMA = {
  migrations: [schema, topicIds],
  table: "record_batch",
  purpose: "stream",
} as const;

/** Records of one partition, encoded for its row. */
export interface StoredBatch {
  partition: number;
  count: number;
  /** Written by `encodeBody`. */
  body: Uint8Array;
}

/** A member of a group, and the topic that it follows. */
export interface GroupMember {
  group: string;
  topicId: number;
  id: string;
  /** Silence after which others remove it, milliseconds. */
  timeoutMs: number;
}

/** Writes to an embedded stream; each method throws `DeliveryError` if the disk is full or locked. */
export interface SqliteStreamWriter extends AsyncDisposable {
  /** Makes a topic if there is none of the name. */
  ensureTopic(topic: string, partitions: number): Promise<void>;
  /** Adds batches to a topic, all or none; they are on disk then. */
  append(topicId: number, batches: readonly StoredBatch[]): Promise<void>;
  /**
   * Records a member's heartbeat, and removes members without one in time, or with one from the future.
   *
   * @returns Whether the member was not in the table: new, or removed by others.
   */
  beat(member: GroupMember): Promise<boolean>;
  leave(member: GroupMember): Promise<void>;
  /** Records how far a group is, for lag tools. */
  commitOffset(group: string, topicId: number, partition: number, nextOffset: number): Promise<void>;
}

/**
 * Opens or makes the embedded stream at a path, to write to it.
 *
 * @throws Error if the file is not a stream, is of a newer version, or cannot be opened.
 */
export function openSqliteStreamWriter(path: string): SqliteStreamWriter {
  const database = openDatabase(path, STREAM_SCHEMA, (database) => {
    database.prepare("INSERT INTO stream SELECT ? WHERE NOT EXISTS (SELECT 1 FROM stream)").run(
      crypto.randomUUID(),
    );
  });
  const nextOffset = database.prepare(
    "SELECT next_offset FROM partition WHERE topic_id = ? AND partition = ?",
  );
  const insert = database.prepare("INSERT INTO record_batch VALUES (?, ?, ?, ?, ?)");
  const moveOn = database.prepare(
    "UPDATE partition SET next_offset = ? WHERE topic_id = ? AND partition = ?",
  );
  const isTopic = database.prepare("SELECT 1 FROM topic WHERE name = ?");
  let isOpen = true;
  return {
    ensureTopic: (topic, partitions) =>
      attempt(database, () =>
        inTransaction(database, () => {
          if (isTopic.get(topic) !== undefined) return;
          const { lastInsertRowid } = database
            .prepare("INSERT INTO topic (name, partitions) VALUES (?, ?)").run(topic, partitions);
          const insert = database.prepare("INSERT INTO partition (topic_id, partition) VALUES (?, ?)");
          for (let partition = 0; partition < partitions; partition++) insert.run(lastInsertRowid, partition);
        })),
    append: (topicId, batches) =>
      attempt(database, () =>
        inTransaction(database, () => {
          for (const { partition, count, body } of batches) {
            const baseOffset = Number(nextOffset.get(topicId, partition)!.next_offset);
            insert.run(topicId, partition, baseOffset, count, body);
            moveOn.run(baseOffset + count, topicId, partition);
          }
        })),
    beat: (member) => attempt(database, () => inTransaction(database, () => beat(database, member))),
    leave: ({ group, topicId, id }) =>
      attempt(database, () => {
        database.prepare("DELETE FROM member WHERE group_name = ? AND topic_id = ? AND id = ?")
          .run(group, topicId, id);
      }),
    commitOffset: (group, topicId, partition, nextOffset) =>
      attempt(database, () => {
        database.prepare(
          `INSERT INTO group_offset VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET next_offset = max(next_offset, excluded.next_offset)`,
        ).run(group, topicId, partition, nextOffset);
      }),
    [Symbol.asyncDispose]() {
      if (isOpen) database.close();
      isOpen = false;
      return Promise.resolve();
    },
  };
}

function beat(database: DatabaseSync, { group, topicId, id, timeoutMs }: GroupMember): boolean {
  const now = Date.now();
  database.prepare(
    "DELETE FROM member WHERE group_name = ? AND topic_id = ? AND abs(? - seen_at_ms) > timeout_ms AND id <> ?",
  ).run(group, topicId, now, id);
  const { changes } = database.prepare(
    "UPDATE member SET seen_at_ms = ? WHERE group_name = ? AND topic_id = ? AND id = ?",
  ).run(now, group, topicId, id);
  if (Number(changes) > 0) return false;
  database.prepare("INSERT INTO member VALUES (?, ?, ?, ?, ?)").run(group, topicId, id, now, timeoutMs);
  return true;
}
