import type { AlertChannel } from "../alerts.ts";
import { readWebhookAddress } from "./address.ts";

/** HTTP requests to addresses of others. */
export const webhookChannel: AlertChannel = {
  name: "webhook",
  isForPeople: true,
  addresses: {
    flag: "--webhook <url>",
    description:
      "webhook to tell, signed by WEBHOOK_SECRET; webhook+slack:URL for Slack and its kin; may be given several times",
    environment: "WEBHOOK_URLS",
    check: (address) => void readWebhookAddress(address),
    hostOf(address) {
      const { hostname, port, protocol } = readWebhookAddress(address).url;
      return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
    },
  },
  secrets: "WEBHOOK_SECRET",
  async open({ address, secrets, publicUrl }) {
    const { openWebhook } = await import("./webhook.ts");
    return await openWebhook(readWebhookAddress(address), { secrets, publicUrl });
  },
};
