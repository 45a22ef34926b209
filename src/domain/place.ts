/** A partition of a topic. */
export interface Partition {
  topic: string;
  /** From 0. */
  partition: number;
}

/** A partition under the claim of one owner. */
export interface Place extends Partition {
  /** Rises with each claim; the ledger refuses writes under an older one. */
  epoch: number;
}

/** Where a record lies in the stream. */
export interface RecordPlace extends Partition {
  offset: number;
}
