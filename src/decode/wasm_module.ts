import {
  DECODE_BYTES,
  DECODE_PADDING,
  FIELD_AMOUNT,
  FIELD_CHANNEL,
  FIELD_COUNTRY,
  FIELD_CURRENCY,
  FIELD_CUSTOMER_ID,
  FIELD_IS_FRAUD,
  FIELD_LABELLED_AT,
  FIELD_MERCHANT_CATEGORY,
  FIELD_NAME_BYTES,
  FIELD_NAMES,
  FIELD_TERMINAL_ID,
  FIELD_TIMESTAMP,
  FIELD_TRANSACTION_ID,
  FIELD_Z,
  FIELDS,
  NAME_BYTES,
  NAME_LENGTH,
  NAME_MASK,
  RECORDS,
} from "../../assembly/layout.ts";
import { builtModule } from "../runtime/wasm_module.ts";

/** What the decoder calls in the module, see `assembly/decode.ts`. */
export interface DecodeModule {
  /** Memory with the names of the fields in place and room for `DECODE_BYTES` of records. */
  readonly memory: WebAssembly.Memory;
  /** Decodes records `first` to `count` − 1 into the rows from `row` on; gives the first one left to the host, or `count`. */
  decodeTransactions(first: number, count: number, row: number): number;
  /** The same of records that should be labels. */
  decodeLabels(first: number, count: number, row: number): number;
}

const PAGE_BYTES = 65_536;

/**
 * Makes an instance of the module for decoding, with the names of the fields in its memory.
 *
 * @param wasm Bytes of the module; `build/edgewood.wasm` of the project by default.
 * @throws Error if the module is not built.
 */
export async function openDecodeModule(wasm?: BufferSource): Promise<DecodeModule> {
  const instance = await WebAssembly.instantiate(
    wasm ? await WebAssembly.compile(wasm) : await builtModule(),
  );
  const module = instance.exports as unknown as DecodeModule;
  const missing = RECORDS + DECODE_BYTES + DECODE_PADDING - module.memory.buffer.byteLength;
  if (missing > 0) module.memory.grow(Math.ceil(missing / PAGE_BYTES));
  writeNames(module.memory);
  return module;
}

/** Names of the fields by their number in the module. */
function fieldNames(): string[] {
  const names = new Array<string>(FIELDS);
  names[FIELD_TRANSACTION_ID] = "transaction_id";
  names[FIELD_CUSTOMER_ID] = "customer_id";
  names[FIELD_TERMINAL_ID] = "terminal_id";
  names[FIELD_AMOUNT] = "amount";
  names[FIELD_TIMESTAMP] = "timestamp";
  names[FIELD_CURRENCY] = "currency";
  names[FIELD_MERCHANT_CATEGORY] = "merchant_category";
  names[FIELD_COUNTRY] = "country";
  names[FIELD_CHANNEL] = "channel";
  names[FIELD_IS_FRAUD] = "is_fraud";
  names[FIELD_LABELLED_AT] = "labelled_at";
  names[FIELD_Z] = "z";
  return names;
}

function writeNames(memory: WebAssembly.Memory): void {
  fieldNames().forEach((name, field) => {
    const at = FIELD_NAMES + field * FIELD_NAME_BYTES;
    const text = new TextEncoder().encode(`${name}"`);
    new Uint8Array(memory.buffer, at, NAME_BYTES).set(text);
    new Uint8Array(memory.buffer, at + NAME_MASK, NAME_BYTES).fill(255, 0, text.length);
    new DataView(memory.buffer).setUint32(at + NAME_LENGTH, text.length, true);
  });
}
