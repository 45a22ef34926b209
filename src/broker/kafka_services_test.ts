import { needs } from "../testing/services.ts";
import { brokerContract } from "./contract.ts";
import { openKafkaBroker } from "./kafka.ts";

const { ignore, reason, services } = await needs("kafka");
brokerContract("kafka broker", {
  open: () => openKafkaBroker(services.kafka.url),
  ...(ignore ? { skip: reason } : {}),
});
