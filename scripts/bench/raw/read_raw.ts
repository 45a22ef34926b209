/**
 * Reads a topic with a Kafka client alone and prints `{"ms": …}`, from before it connects to the last record.
 *
 *     read_raw.ts HOST:PORT TOPIC RECORDS kafkajs|platformatic [FETCH_BYTES]
 *
 * @module
 */
import { rawClients } from "./kafka_raw.ts";

const [address, topic, records, client, fetchBytes] = Deno.args;
const { promise: done, resolve } = Promise.withResolvers<void>();
let count = 0;
let endedAt = NaN;
const startedAt = performance.now();
await rawClients(address)[client].consume(topic, {
  done,
  onAssigned: () => {},
  onRecords(more) {
    count += more;
    if (count < Number(records)) return;
    endedAt = performance.now();
    resolve();
  },
}, fetchBytes === undefined ? undefined : Number(fetchBytes));
if (count !== Number(records)) {
  throw new Error(`Cannot measure as ${records} records must come: current value is ${count}`);
}
console.log(JSON.stringify({ ms: endedAt - startedAt }));
Deno.exit(); // A client may leave a timer behind.
