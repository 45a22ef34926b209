import { needs } from "../testing/services.ts";
import { ledgerContract } from "./contract.ts";
import { openPostgresLedger } from "./postgres.ts";

const { services, ignore, reason } = await needs("postgres");
const schema = `contract_${crypto.randomUUID().slice(0, 8)}`;

ledgerContract("postgres ledger", {
  open: () => openPostgresLedger(services.postgres.url, { schema }),
  skip: ignore ? reason : undefined,
});
