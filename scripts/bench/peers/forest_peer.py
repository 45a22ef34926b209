"""Isolation forests of other libraries, to be timed beside Edgewood's.

    python forest_peer.py scikit-learn|coniferest|isotree

Answers each line of JSON on standard input with one on standard output, `{"error": …}` where it fails. Times are
milliseconds of the library's own call alone, on one core. Rows are kept as each library likes them best.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np


class ScikitLearn:
    def __init__(self):
        import sklearn
        from sklearn.ensemble import IsolationForest

        self.version, self.IsolationForest = sklearn.__version__, IsolationForest

    def prepare(self, rows):
        return rows

    def new(self, trees, samples, seed):
        return self.IsolationForest(n_estimators=trees, max_samples=samples, random_state=seed, n_jobs=1)

    def score(self, model, rows):
        return model.score_samples(rows)

    def export(self, model, path):
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
        from sklearn_to_json import to_json

        with open(path, "w", encoding="utf-8") as file:
            json.dump(to_json(model), file)


class Coniferest:
    def __init__(self):
        from importlib.metadata import version

        from coniferest.isoforest import IsolationForest

        self.version, self.IsolationForest = version("coniferest"), IsolationForest

    def prepare(self, rows):
        return np.ascontiguousarray(rows)

    def new(self, trees, samples, seed):
        return self.IsolationForest(n_trees=trees, n_subsamples=samples, random_seed=seed, n_jobs=1)

    def score(self, model, rows):
        return model.score_samples(rows)


class Isotree:
    def __init__(self):
        from importlib.metadata import version

        import isotree

        self.version, self.isotree = version("isotree"), isotree

    def prepare(self, rows):
        return rows.astype(np.float64)

    def new(self, trees, samples, seed):
        return self.isotree.IsolationForest(
            ntrees=trees, sample_size=samples, ndim=1, missing_action="fail", random_seed=seed, nthreads=1
        )

    def score(self, model, rows):
        return model.predict(rows)


LIBRARIES = {"scikit-learn": ScikitLearn, "coniferest": Coniferest, "isotree": Isotree}


class Session:
    """One library, the rows that were loaded, and the model that was fitted last."""

    def __init__(self, library):
        self.library, self.rows, self.model = library, None, None

    def load(self, rows, columns):
        self.rows = self.library.prepare(np.fromfile(rows, dtype=np.float32).reshape(-1, columns))
        return {"rows": len(self.rows)}

    def fit(self, trees, samples, seed):
        model = self.library.new(trees, samples, seed)
        start = time.perf_counter()
        model.fit(self.rows)
        ms = 1000 * (time.perf_counter() - start)
        self.model = model
        return {"ms": ms}

    def score(self, batch, calls):
        rows, model, score = self.rows, self.model, self.library.score
        last = max(1, len(rows) - batch + 1)
        start = time.perf_counter()
        for call in range(calls):
            first = call * batch % last
            score(model, rows[first : first + batch])
        return {"ms": 1000 * (time.perf_counter() - start)}

    def export(self, forest, scores):
        self.library.export(self.model, forest)
        np.asarray(self.library.score(self.model, self.rows), dtype=np.float64).tofile(scores)
        return {"rows": len(self.rows)}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in LIBRARIES:
        print(f"usage: forest_peer.py {'|'.join(LIBRARIES)}", file=sys.stderr)
        return 2
    library = LIBRARIES[arguments[0]]()
    session = Session(library)
    print(json.dumps({"version": library.version}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(session, request.pop("do"))(**request)
        except Exception as error:  # the one who asked decides what an error means
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
