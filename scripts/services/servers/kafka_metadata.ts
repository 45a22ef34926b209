export interface KafkaMetadata {
  brokers: { id: number; host: string; port: number }[];
  /** Id of the broker that leads the cluster, or -1 while there is none. */
  controllerId: number;
}

const METADATA = 3; // API key, https://kafka.apache.org/protocol.html#The_Messages_Metadata
const VERSION = 1; // the first one that names the controller
const CORRELATION_ID = 0x0edce;

function request(): Uint8Array<ArrayBuffer> {
  const client = new TextEncoder().encode("edgewood-services");
  const bytes = new Uint8Array(4 + 2 + 2 + 4 + 2 + client.length + 4);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt16(4, METADATA);
  view.setInt16(6, VERSION);
  view.setInt32(8, CORRELATION_ID);
  view.setInt16(12, client.length);
  bytes.set(client, 14);
  view.setInt32(14 + client.length, 0); // no topics; all of them would be -1
  return bytes;
}

async function read(connection: Deno.Conn, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) {
      throw new Error(
        `Cannot read Kafka's answer as it must have ${length} bytes: current value is ${filled} bytes`,
      );
    }
    filled += count;
  }
  return bytes;
}

/**
 * Asks the Kafka broker at `host:port` (plain text) for its metadata, within `timeoutMs`.
 *
 * It shows that the broker takes requests and has a leader, which an open port does not. Throws an Error when it answers
 * something else, closes the connection or is silent.
 */
export async function askKafkaMetadata(
  host: string,
  port: number,
  options: { timeoutMs?: number } = {},
): Promise<KafkaMetadata> {
  const { timeoutMs = 2000 } = options;
  using connection = await Deno.connect({ hostname: host, port });
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    connection.close();
  }, timeoutMs);
  try {
    await connection.write(request());
    const length = new DataView((await read(connection, 4)).buffer).getInt32(0);
    if (length < 8 || length > 1 << 20) {
      throw new Error(
        `Cannot read Kafka's answer as its length must be 8 to 1048576: current value is ${length}`,
      );
    }
    const bytes = await read(connection, length);
    const view = new DataView(bytes.buffer);
    let at = 8; // past correlation id and number of brokers
    const text = () => {
      const size = view.getInt16(at); // -1: null
      at += 2 + Math.max(size, 0);
      return new TextDecoder().decode(bytes.subarray(at - Math.max(size, 0), at));
    };
    if (view.getInt32(0) !== CORRELATION_ID) throw new Error("Kafka answered a question that was not asked");
    const brokers: KafkaMetadata["brokers"] = [];
    for (let count = view.getInt32(4); count > 0; count--) {
      const id = view.getInt32(at);
      at += 4;
      const brokerHost = text();
      brokers.push({ id, host: brokerHost, port: view.getInt32(at) });
      at += 4;
      text(); // rack
    }
    return { brokers, controllerId: view.getInt32(at) };
  } catch (cause) {
    if (!silent) throw cause;
    throw new Error(
      `Cannot ask Kafka at ${host}:${port} as it must answer within ${timeoutMs} ms: current value is no answer`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}
