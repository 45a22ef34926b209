"""Make missing_*.json, forests fitted with and without NaN, and sklearn_*.json: forests that scikit-learn fitted, rows, and the scores that scikit-learn gives them.

    pip install scikit-learn==1.9.1
    python make_sklearn.py

Half of the rows are built to meet thresholds: one feature of a row is set to the float32 at, just below or just above
the threshold of a node.
"""

import json
import pathlib
import sys

import numpy as np
from sklearn.ensemble import IsolationForest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))
from sklearn_to_json import to_json  # noqa: E402


def rows_at_thresholds(model, rows, rng, count):
    """Return copies of rows with one feature moved to, just below or just above a threshold of the forest."""
    nodes = [
        (columns[tree.feature[i]], tree.threshold[i])
        for tree, columns in ((e.tree_, c) for e, c in zip(model.estimators_, model.estimators_features_))
        for i in range(tree.node_count)
        if tree.children_left[i] >= 0
    ]
    if not nodes:
        return rows[:0]
    moved = rows[rng.integers(0, len(rows), count)].copy()
    for k in range(count):
        feature, threshold = nodes[rng.integers(0, len(nodes))]
        at = np.float32(threshold)
        moved[k, feature] = [at, np.nextafter(at, np.float32(-np.inf)), np.nextafter(at, np.float32(np.inf))][k % 3]
    return moved


def write(name, rows, names=None, **parameters):
    """Fit a forest on rows and write it with rows and expected scores."""
    rng = np.random.default_rng(len(name))
    rows = rows.astype(np.float32)
    model = IsolationForest(random_state=7, **parameters).fit(rows)
    picked = np.concatenate([rows[:20], rows_at_thresholds(model, rows, rng, 40)])
    golden = {
        "forest": to_json(model, names),
        "rows": [[float(x) for x in row] for row in picked],
        "anomaly_scores": (-model.score_samples(picked)).tolist(),
        "flagged": (model.predict(picked) == -1).astype(int).tolist(),
    }
    (HERE / f"sklearn_{name}.json").write_text(json.dumps(golden, allow_nan=False, separators=(",", ":")) + "\n")


def write_missing():
    """Fit the same rows with and without missing values."""
    rows = np.random.default_rng(2).normal(size=(200, 3))
    holes = np.where(np.random.default_rng(3).random(rows.shape) < 0.05, np.nan, rows)
    for name, data in (("none", rows), ("some", holes)):
        model = IsolationForest(n_estimators=5, max_samples=32, random_state=7).fit(data)
        (HERE / f"missing_{name}.json").write_text(json.dumps(to_json(model), allow_nan=False, separators=(",", ":")) + "\n")


def main():
    """Write all of them."""
    write_missing()
    rng = np.random.default_rng(1)
    normal = rng.normal(size=(400, 3))
    write("plain", normal, names=["amount", "hour", "weekday"], n_estimators=10, max_samples=64, contamination=0.05)
    write("subsets", rng.normal(size=(300, 7)), n_estimators=12, max_samples=32, max_features=0.5)
    write("tiny_samples", normal, n_estimators=8, max_samples=2)
    write("one_sample", normal, n_estimators=3, max_samples=1)
    write("duplicates", np.round(normal), n_estimators=8, max_samples=128, contamination=0.1)
    # Values that double in distance make chains down to the height limit.
    write("depth", (2.0 ** rng.integers(-60, 60, (500, 2))), n_estimators=6, max_samples=256)
    write("magnitudes", normal * [1e-30, 1.0, 1e30] + [0, 1e6, 0], n_estimators=8, max_samples=64)
    write("bootstrap", normal, n_estimators=8, max_samples=64, bootstrap=True, contamination=0.02)
    # The offset is the score of several rows, which another library's power of 2 takes for a last bit more.
    write("ties", np.random.default_rng(1).integers(0, 3, (51, 2)), n_estimators=8, contamination=0.2)


if __name__ == "__main__":
    main()
