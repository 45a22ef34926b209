/** The flagged objects as others read them: one partitioned data set, with the right types. */
import { openPythonClients } from "../services/python_clients.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/ledger.ts";
import { assert, assertEquals } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { runDeno } from "../../src/testing/process.ts";
import { needs } from "../../src/testing/services.ts";

/** Prints rows, sums and types of the data set as pyarrow and as DuckDB see it. */
const READ = `
import json, os, sys
import duckdb, pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds, pyarrow.fs as fs
place, kind = sys.argv[1], sys.argv[2]
hive = ds.partitioning(pa.schema([("dt", pa.date32()), ("hour", pa.int8())]), flavor="hive")
if place.startswith("{"):
    s3 = json.loads(place)
    store = fs.S3FileSystem(access_key=s3["user"], secret_key=s3["password"], scheme="http",
        endpoint_override=s3["endpoint"].removeprefix("http://"), region="us-east-1")
    table = ds.dataset(s3["bucket"] + "/flagged", filesystem=store, format=kind, partitioning=hive).to_table()
else:
    def read(schema=None):
        return ds.dataset(place + "/flagged", format="json" if kind == "ndjson" else kind, partitioning=hive, schema=schema)
    schema = read().schema
    # pyarrow takes types from the first object, whose amounts may all be whole.
    schema = schema.set(schema.get_field_index("amount"), pa.field("amount", pa.float64()))
    table = read(schema).to_table()
day = pc.strftime(table["timestamp"], format="%Y-%m-%d %H") if pa.types.is_timestamp(table.schema.field("timestamp").type) \\
    else pc.utf8_slice_codeunits(pc.replace_substring(table["timestamp"], "T", " "), 0, 13)
there = [f"{d} {h:02d}" for d, h in zip(table["dt"].to_pylist(), table["hour"].to_pylist())]
result = {"rows": table.num_rows, "amount": round(pc.sum(table["amount"]).as_py(), 2),
    "score": pc.sum(table["anomaly_score"]).as_py(), "agree": day.to_pylist() == there,
    "types": {field.name: str(field.type) for field in table.schema}}
if not place.startswith("{"):
    glob = place + "/flagged/*/*/*." + kind
    read = "read_parquet" if kind == "parquet" else "read_json"
    relation = f"{read}('{glob}', hive_partitioning = true)"
    rows, amount, days = duckdb.sql(f"SELECT count(*), round(sum(amount), 2), count(DISTINCT dt) FROM {relation}").fetchall()[0]
    names = duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {relation})").fetchall()
    reason = duckdb.sql(f"SELECT count(*) FROM (SELECT unnest(reasons) AS r FROM {relation}) WHERE r.feature IS NULL").fetchall()[0][0]
    result["duckdb"] = {"rows": rows, "amount": amount, "days": days, "unnamed": reason, "types": dict(names)}
print(json.dumps(result))
`;

const python = await openPythonClients();
const reason = typeof python === "string" ? python : undefined;
const minio = await needs("minio");

for (const format of ["parquet", "ndjson"] as const) {
  Deno.test({
    name: `objects in ${format} are one data set for pyarrow and DuckDB${
      reason ? ` (skipped: ${reason})` : ""
    }`,
    ignore: reason !== undefined,
    async fn() {
      assert(typeof python !== "string");
      const folder = await Deno.makeTempDir();
      try {
        await makeEmbeddedRun(folder, { count: 12_000, partitions: 2, contamination: 0.05 });
        await consume(folder, ["--format", format]);
        const expected = await flaggedOf(folder);
        assert(expected.rows > 100, `${expected.rows} flagged`);
        const found = JSON.parse(await python.run(READ, `${folder}/objects`, format));
        assertEquals([found.rows, found.amount, found.agree], [expected.rows, expected.amount, true]);
        assert(Math.abs(found.score - expected.score) < 1e-9 * expected.rows, `${found.score}`);
        assertEquals(
          [found.duckdb.rows, found.duckdb.amount, found.duckdb.unnamed],
          [expected.rows, expected.amount, 0],
        );
        const numbers = { amount: "double", anomaly_score: "double", threshold: "double", flagged: "bool" };
        for (const [name, type] of Object.entries(numbers)) assertEquals(found.types[name], type);
        assertEquals([found.types.dt, found.types.hour], ["date32[day]", "int8"]);
        assertEquals([found.duckdb.types.amount, found.duckdb.types.dt], ["DOUBLE", "DATE"]);
        if (format === "parquet") {
          assertEquals(found.types.timestamp, "timestamp[ms, tz=UTC]");
          assertEquals([found.types.offset, found.types.partition], ["int64", "int32"]);
          assertEquals(found.duckdb.types.timestamp, "TIMESTAMP WITH TIME ZONE");
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  ...minio.test("objects in MinIO are one data set for pyarrow"),
  ignore: reason !== undefined || minio.ignore,
  async fn() {
    assert(typeof python !== "string");
    const folder = await Deno.makeTempDir();
    try {
      await makeEmbeddedRun(folder, { count: 6000, contamination: 0.05 });
      const { url, endpoint, user, password } = minio.services.minio;
      const bucket = `read-${crypto.randomUUID()}`;
      const store = new URL(url);
      store.pathname = `/${bucket}`;
      await consume(folder, ["--format", "parquet", "--objects", store.href]);
      const place = JSON.stringify({ endpoint, user, password, bucket });
      const found = JSON.parse(await python.run(READ, place, "parquet"));
      const expected = await flaggedOf(folder);
      assertEquals([found.rows, found.amount, found.agree], [expected.rows, expected.amount, true]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function consume(folder: string, flags: string[]): Promise<void> {
  const args = [
    ...embeddedArgs(folder),
    "--until-empty",
    "--alerts",
    "none",
    "--flush-rows",
    "100",
    ...flags,
  ];
  const { code, stderr } = await runDeno("scripts/commands/consume.ts", args, {
    permissions: permissionsFor("consume", args, () => undefined),
  });
  assertEquals(code, 0, stderr);
}

async function flaggedOf(folder: string): Promise<{ rows: number; amount: number; score: number }> {
  await using ledger = openSqliteLedger(`${folder}/ledger.db`);
  const sums = { rows: 0, amount: 0, score: 0 };
  for (const { partition } of await ledger.partitions()) {
    for (
      const { verdict, anomalyScore } of await ledger.flaggedAfter("transactions", partition, -1, 100_000)
    ) {
      sums.rows++;
      sums.amount += JSON.parse(verdict).amount;
      sums.score += anomalyScore;
    }
  }
  return { ...sums, amount: Math.round(sums.amount * 100) / 100 };
}
