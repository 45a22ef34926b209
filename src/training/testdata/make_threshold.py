"""Make threshold.json: anomaly scores and the offset_ that scikit-learn would take for a contamination.

    python make_threshold.py
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(3)
cases = []
for n in (1, 2, 3, 10, 99, 100, 101):
    scores = np.round(rng.random(n) * 0.4 + 0.3, 3 if n < 100 else 17)
    for contamination in (0.001, 0.01, 0.05, 0.1, 0.25, 1 / 3, 0.5):
        offset = float(np.percentile(-scores, 100.0 * contamination))
        cases.append({"scores": scores.tolist(), "contamination": contamination, "offset": offset})
path = pathlib.Path(__file__).with_name("threshold.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
