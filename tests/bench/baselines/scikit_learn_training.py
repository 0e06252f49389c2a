"""scikit-learn's trees on the data of the case `training`: one training, told as a line of JSON.

python scikit_learn_training.py <task.json>   {"file", "rows", "test", "columns", "algorithm", "threads"}
"""

import json
import pathlib
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from threadpoolctl import threadpool_limits

task = json.loads(pathlib.Path(sys.argv[1]).read_text())
rows, threads = task["rows"], task["threads"]
table = np.fromfile(task["file"], dtype="<f4").reshape(task["columns"] + 1, rows + task["test"])
features, target = np.ascontiguousarray(table[:-1].T), table[-1].astype(int)

if task["algorithm"] == "gradient_boosting":
    model = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False)
else:
    model = RandomForestClassifier(n_estimators=100, max_depth=10, n_jobs=threads, random_state=1)

with threadpool_limits(limits=threads):
    began, used = time.perf_counter(), time.process_time()
    model.fit(features[:rows], target[:rows])
    seconds, cpu = time.perf_counter() - began, time.process_time() - used

accuracy = model.score(features[rows:], target[rows:])
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "accuracy": accuracy}))
