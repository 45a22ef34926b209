"""Write a fitted sklearn.ensemble.IsolationForest as JSON for `train --from-sklearn`.

    python sklearn_to_json.py model.joblib model.json

Or from Python: `json.dump(to_json(model, feature_names=["amount", "hour"]), file)`.
"""

import json
import sys


def to_json(model, feature_names=None):
    """Return what Edgewood needs of a fitted IsolationForest as a dict of plain lists and numbers.

    Feature numbers are those of the input's columns, also where `max_features` gave each tree a subset. Thresholds are
    float64 and keep every bit in JSON. `offset` is sklearn's `offset_`: a row is flagged where score_samples is below it.
    """
    import sklearn

    if not hasattr(model, "estimators_features_") or not hasattr(model, "offset_"):
        raise TypeError(f"Cannot write the model as it must be a fitted IsolationForest: current value is {model!r}")
    names = feature_names if feature_names is not None else getattr(model, "feature_names_in_", None)
    if names is not None and len(names) != model.n_features_in_:
        raise ValueError(f"Cannot name the features as there must be {model.n_features_in_}: current value is {len(names)}")
    trees = []
    for estimator, columns in zip(model.estimators_, model.estimators_features_):
        tree = estimator.tree_
        leaf = tree.children_left == -1
        trees.append({
            "left": tree.children_left.tolist(),
            "right": tree.children_right.tolist(),
            "feature": [-1 if is_leaf else int(columns[f]) for is_leaf, f in zip(leaf, tree.feature)],
            "threshold": [0.0 if is_leaf else float(t) for is_leaf, t in zip(leaf, tree.threshold)],
            "n_samples": tree.n_node_samples.tolist(),
        })
    return {
        "format": "isolation-forest",
        "format_version": 1,
        "sklearn_version": sklearn.__version__,
        "n_features": int(model.n_features_in_),
        "feature_names": None if names is None else [str(name) for name in names],
        "max_samples": int(model.max_samples_),
        "contamination": model.contamination if isinstance(model.contamination, str) else float(model.contamination),
        "offset": float(model.offset_),
        "fitted_with_missing": True if saw_missing(model) else None,
        "trees": trees,
    }


def saw_missing(model):
    """Whether the trees prove that there were missing values in training; False where nothing is known.

    Since scikit-learn 1.6 a node without any would send them to its larger child; since 1.8 one that saw some draws their
    side by lot. Before 1.6, where a forest takes none, all nodes have the same side.
    """
    sides, sizes = [], []
    for tree in (estimator.tree_ for estimator in model.estimators_):
        inner = tree.children_left != -1
        left, right = tree.children_left[inner], tree.children_right[inner]
        sizes.extend(tree.n_node_samples[left] > tree.n_node_samples[right])
        sides.extend(getattr(tree, "missing_go_to_left", inner * 0)[inner].astype(bool))
    return any(sides) and sides != sizes


def main(arguments):
    """Read a pickle or joblib file, write JSON to a file or standard output; return the exit code."""
    if len(arguments) not in (1, 2) or arguments[0] in ("-h", "--help"):
        print("usage: sklearn_to_json.py MODEL.joblib|MODEL.pkl [MODEL.json]", file=sys.stderr)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    import joblib  # comes with scikit-learn, and reads plain pickles too

    # A pickle can run code when it is read: only read files that you trust.
    text = json.dumps(to_json(joblib.load(arguments[0])), allow_nan=False)
    if len(arguments) == 2:
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
