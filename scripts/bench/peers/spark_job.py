"""The usual stack: Kafka -> Spark Structured Streaming -> scikit-learn in a pandas_udf -> flagged rows in MinIO.

    spark_job.py fit ROWS.ndjson FOREST.joblib [--contamination SHARE]
    spark_job.py run FOREST.joblib --bootstrap HOST:PORT --topic NAME --endpoint URL --out s3a://BUCKET/flagged
                     --checkpoint DIR --jars DIR [--max-offsets N] [--for-seconds N] [--cores N]

`run` ends when the topic is empty, or goes on for a time after the first micro-batch, one after another. It prints one line of JSON for each micro-batch.
The keys of the store come by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. What a careful user does is done: one score per row
(the UDF is marked as non-deterministic, so that the filter does not compute it again), the forest is broadcast once, Arrow
batches are of the size that scikit-learn likes, features are computed in the JVM, nothing is cached or collected.
"""

import argparse
import glob
import json
import os
from datetime import datetime
from typing import Iterator, Tuple

import numpy as np
import pandas as pd

SCHEMA = (
    "transaction_id string, customer_id string, terminal_id string, amount double, currency string, "
    "merchant_category string, country string, channel string, timestamp timestamp"
)
# The same features twice: as Spark computes them on the stream, and as pandas does before the fit.
FEATURES = {
    "amount": ("amount", lambda rows: rows["amount"]),
    "log_amount": ("log1p(amount)", lambda rows: np.log1p(rows["amount"])),
    "hour": ("hour(timestamp)", lambda rows: rows["timestamp"].dt.hour),
    "weekday": ("weekday(timestamp)", lambda rows: rows["timestamp"].dt.weekday),
    "is_online": ("channel = 'online'", lambda rows: rows["channel"] == "online"),
    "merchant_category": ("cast(merchant_category as int)", lambda rows: rows["merchant_category"].astype(int)),
}
ARROW_ROWS = 16384
TREES = 100
SAMPLES = 256


def fit(arguments):
    import joblib
    from sklearn.ensemble import IsolationForest

    rows = pd.read_json(arguments.rows, lines=True, dtype={"merchant_category": str}, convert_dates=["timestamp"])
    x = np.column_stack([of_pandas(rows).astype(np.float64) for _, of_pandas in FEATURES.values()])
    forest = IsolationForest(
        n_estimators=TREES, max_samples=SAMPLES, contamination=arguments.contamination, random_state=0, n_jobs=1
    ).fit(x)
    joblib.dump(forest, arguments.forest)


def session(arguments):
    from pyspark.sql import SparkSession

    jars = ",".join(sorted(glob.glob(os.path.join(arguments.jars, "*.jar"))))
    settings = {
        "spark.jars": jars,
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": ARROW_ROWS,
        "spark.sql.streaming.numRecentProgressUpdates": 100000,
        "spark.local.dir": arguments.checkpoint,
        "spark.hadoop.fs.s3a.endpoint": arguments.endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }
    builder = SparkSession.builder.master(f"local[{arguments.cores}]").appName("fraud")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def run(arguments):
    import joblib
    from pyspark.sql.functions import col, expr, from_json, pandas_udf

    spark = session(arguments)
    forest = joblib.load(arguments.forest)
    threshold = -forest.offset_
    broadcast = spark.sparkContext.broadcast(forest)

    @pandas_udf("double")
    def anomaly_score(batches: Iterator[Tuple[pd.Series, ...]]) -> Iterator[pd.Series]:
        forest = broadcast.value
        for columns in batches:
            x = np.column_stack([column.to_numpy(np.float64) for column in columns])
            yield pd.Series(-forest.score_samples(x))

    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.bootstrap)
        .option("subscribe", arguments.topic)
        .option("startingOffsets", arguments.start)
    )
    if arguments.max_offsets is not None:
        source = source.option("maxOffsetsPerTrigger", arguments.max_offsets)
    transactions = source.load().select(
        from_json(col("value").cast("string"), SCHEMA).alias("transaction"),
        "topic",
        "partition",
        "offset",
        col("timestamp").alias("produced_at"),
    )
    score = anomaly_score.asNondeterministic()
    flagged = (
        transactions.select("transaction.*", "topic", "partition", "offset", "produced_at")
        .withColumn("anomaly_score", score(*[expr(of_spark).cast("double") for of_spark, _ in FEATURES.values()]))
        .where(col("anomaly_score") > threshold)
    )
    sink = (
        flagged.writeStream.format("json")
        .option("path", arguments.out)
        .option("checkpointLocation", arguments.checkpoint)
        .outputMode("append")
    )
    if arguments.for_seconds is None:
        query = sink.trigger(availableNow=True).start()
        query.awaitTermination()
    else:
        query = sink.trigger(processingTime="0 seconds").start()
        while query.isActive and not any(progress["numInputRows"] for progress in query.recentProgress):
            query.awaitTermination(0.5)
        query.awaitTermination(arguments.for_seconds)
    for progress in query.recentProgress:
        started = datetime.fromisoformat(progress["timestamp"].replace("Z", "+00:00")).timestamp()
        batch = {
            "rows": progress["numInputRows"],
            "startedAtMs": 1000 * started,
            "tookMs": progress["durationMs"].get("triggerExecution", 0),
        }
        print(json.dumps(batch), flush=True)
    if query.exception() is not None:
        raise query.exception()
    query.stop()
    spark.stop()


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    fitting = commands.add_parser("fit")
    fitting.set_defaults(run=fit)
    fitting.add_argument("rows")
    fitting.add_argument("forest")
    fitting.add_argument("--contamination", type=float, default=0.01)
    running = commands.add_parser("run")
    running.set_defaults(run=run)
    running.add_argument("forest")
    for name in ("bootstrap", "topic", "endpoint", "out", "checkpoint", "jars"):
        running.add_argument(f"--{name}", required=True)
    running.add_argument("--max-offsets", type=int)
    running.add_argument("--for-seconds", type=float)
    running.add_argument("--start", choices=("earliest", "latest"), default="earliest")
    running.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
