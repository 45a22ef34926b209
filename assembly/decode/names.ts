// Names of fields: the known ones by their bytes, unknown ones remembered to find those that are repeated.
import { FIELD_NAME_BYTES, FIELD_NAMES, FIELDS, NAME_LENGTH, NAME_MASK } from "../layout";

/** The field that came after each field last time, and in the last place the first field. */
const followers: usize = memory.data(16);

/** What stands for a field that is not known, and before the first one. */
export const UNKNOWN: u32 = FIELDS;
/** Most unknown names of a record: to compare each with each costs their square. */
const MOST_UNKNOWN: u32 = 16;
/** Start and end of each unknown name of the record in work. */
const unknownNames: usize = memory.data(128);
let unknownCount: u32 = 0;

/** Bytes of a known name with its closing quote. */
// @ts-ignore: decorator
@inline
export function nameLength(field: u32): usize {
  return load<u32>(<usize>field * FIELD_NAME_BYTES + FIELD_NAMES, NAME_LENGTH);
}

// @ts-ignore: decorator
@inline
function isNamed(at: usize, field: u32): bool {
  const name = <usize>field * FIELD_NAME_BYTES + FIELD_NAMES;
  const first = v128.and(v128.xor(v128.load(at), v128.load(name)), v128.load(name, NAME_MASK));
  const second = v128.and(v128.xor(v128.load(at, 16), v128.load(name, 16)), v128.load(name, NAME_MASK + 16));
  return !v128.any_true(v128.or(first, second));
}

/** The field whose name with its closing quote stands at `at`, or UNKNOWN; tries the usual follower of `previous` first. */
export function matchName(at: usize, previous: u32): u32 {
  const usual: u32 = load<u8>(followers + <usize>previous);
  if (usual < UNKNOWN && isNamed(at, usual)) return usual;
  for (let field: u32 = 0; field < UNKNOWN; field++) {
    if (isNamed(at, field)) {
      store<u8>(followers + <usize>previous, <u8>field);
      return field;
    }
  }
  store<u8>(followers + <usize>previous, <u8>UNKNOWN);
  return UNKNOWN;
}

/** Before the names of a new record. */
// @ts-ignore: decorator
@inline
export function forgetUnknownNames(): void {
  unknownCount = 0;
}

/** Whether the unknown name from `start` up to `end` is for certain the first of its kind in the record. */
export function isNewName(start: usize, end: usize): bool {
  if (unknownCount == MOST_UNKNOWN) return false;
  const length = end - start;
  for (let i: u32 = 0; i < unknownCount; i++) {
    const other = unknownNames + <usize>(i << 3);
    const otherStart: usize = load<u32>(other);
    if (<usize>load<u32>(other, 4) - otherStart == length && memory.compare(otherStart, start, length) == 0) return false;
  }
  store<u32>(unknownNames + <usize>(unknownCount << 3), <u32>start);
  store<u32>(unknownNames + <usize>(unknownCount << 3), <u32>end, 4);
  unknownCount++;
  return true;
}
