import { RecordSet } from "./wire/record_set.ts";

/** A partition while it is this member's: where it stands, and what of it was read ahead. */
export class Claim {
  /** Which partition. */
  readonly partition: number;
  /** The next offset that the caller gets. */
  position = 0;
  /** The next offset to fetch: ahead of the position by what is in `sets`. */
  fetchOffset = 0;
  /** Offset after the last record that may be read, as the last fetch from `fetchOffset` said. */
  endOffset: number | undefined;
  /** Whether the caller had its turn to seek. */
  isReady = false;
  /** Whether the caller wants nothing of it for now. */
  isPaused = false;
  /** Fetched and not yet handed over, oldest first. */
  readonly sets: RecordSet[] = [];
  /** Changes with each seek: what was asked for before is of no use. */
  epoch = 0;
  /** Most bytes of a fetch; grows where a single batch does not fit. */
  maxBytes: number;
  /** Since when each fetch of the partition has failed, by `performance.now()`. */
  failingSince: number | undefined;
  /** Since when the partition was asked for first, has records and gives none, by `performance.now()`. */
  stalledSince: number | undefined;

  /** Stands at the start of the partition until it is sought. */
  constructor(partition: number, maxBytes: number) {
    this.partition = partition;
    this.maxBytes = maxBytes;
  }

  /** Goes to an offset and drops what was read ahead. */
  seek(offset: number): void {
    this.position = this.fetchOffset = offset;
    this.endOffset = undefined;
    this.sets.length = 0;
    this.epoch++;
    this.stalledSince = undefined;
  }

  /** Fetches on from a later offset; what was read ahead stays. */
  skipTo(offset: number): void {
    if (this.sets.length === 0) this.position = offset;
    this.fetchOffset = offset;
    this.endOffset = undefined;
    this.epoch++;
  }

  /** Bytes read ahead. */
  get byteLength(): number {
    return this.sets.reduce((sum, set) => sum + set.byteLength, 0);
  }

  /** Whether everything there is was handed over. */
  get isAtEnd(): boolean {
    return this.sets.length === 0 && this.endOffset !== undefined && this.fetchOffset >= this.endOffset;
  }
}
