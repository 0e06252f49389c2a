"""Evidently's report and NannyML's calculators on the frames of product/drift-frames.ts, for the case `drift-libraries`.

python drift_frames.py evidently|nannyml <folder>

Prints `ready` once its packages are loaded. For each line `each|all <rows of the reference> <rows of a window> <seconds>` on
standard input it judges windows for that long, those of the frame in turn, and prints a line of JSON: product/watch-frames.ts
says what it holds. `each`: one window a call, as they come; `all`: the whole frame in a call. Reading frames, and what is made
once of a reference, is not counted.
"""

import itertools
import json
import os
import sys
import time
import warnings

# Neither is to call home while it is measured.
os.environ.update(NML_DISABLE_USAGE_LOGGING="1", DO_NOT_TRACK="1")
warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd

FEATURES = [f"feature_{index}" for index in range(30)]
JUDGED = [*FEATURES, "prediction"]


def read(folder, name):
    rows = np.fromfile(os.path.join(folder, f"{name}.f32"), dtype="<f4").reshape(-1, len(FEATURES) + 2)
    frame = pd.DataFrame(rows.astype(float), columns=[*JUDGED, "target"])
    return frame.assign(answer=(frame["prediction"] >= 0.5).astype(int), target=frame["target"].astype(int))


def windows_of(frame, rows):
    return [frame.iloc[at : at + rows].reset_index(drop=True) for at in range(0, len(frame), rows)]


def evidently(reference, current, rows, _):
    """A report has one window: the tests of the features and of the prediction, and their figures."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=JUDGED)
    against = Dataset.from_pandas(reference[JUDGED], data_definition=definition)
    windows = [Dataset.from_pandas(window[JUDGED], data_definition=definition) for window in windows_of(current, rows)]
    places = itertools.cycle(range(len(windows)))

    def judge():
        at = next(places)
        metrics = Report([DataDriftPreset()]).run(windows[at], against).dict()["metrics"]
        of_features = [each["value"] for each in metrics if "(column=feature_" in each["metric_name"]]
        return rows, [[at, sum(float(value) >= 0.1 for value in of_features)]]

    return judge


def nannyml(reference, current, rows, how):
    """Estimates of five metrics and the drift of each column."""
    from nannyml import CBPE, UnivariateDriftCalculator

    metrics = ["accuracy", "f1", "precision", "recall", "roc_auc"]
    named = {"y_pred_proba": "prediction", "y_pred": "answer", "y_true": "target"}
    estimator = CBPE(problem_type="classification_binary", metrics=metrics, chunk_size=rows, **named).fit(reference)
    drift = UnivariateDriftCalculator(column_names=JUDGED, chunk_size=rows).fit(reference)
    frame = current.drop(columns="target")
    calls = windows_of(frame, rows) if how == "each" else [frame]
    places = itertools.cycle(range(len(calls)))

    def judge():
        at = next(places)
        estimator.estimate(calls[at])
        found = drift.calculate(calls[at]).filter(period="analysis").to_df()
        alerts = found[[(name, "jensen_shannon", "alert") for name in FEATURES]]
        return len(calls[at]), [[at + window, int(count)] for window, count in enumerate(alerts.sum(axis=1))]

    return judge


def measure(judge, seconds):
    rows, drifted = 0, {}
    cpu, start = time.process_time(), time.perf_counter()
    while rows == 0 or time.perf_counter() - start < seconds:
        judged, found = judge()
        rows += judged
        drifted.update(found)
    elapsed = time.perf_counter() - start
    return {
        "rows": rows,
        "seconds": elapsed,
        "cpu_seconds": time.process_time() - cpu,
        "drifted": list(drifted.items()),
    }


def main():
    library, folder = sys.argv[1:]
    prepare = {"evidently": evidently, "nannyml": nannyml}[library]
    __import__(library)
    judges = {}
    print("ready", flush=True)
    for line in sys.stdin:
        how, reference, window, seconds = line.split()
        key = how, reference, window
        if key not in judges:
            frames = read(folder, f"reference-{reference}"), read(folder, f"current-{window}")
            judges[key] = prepare(*frames, int(window), how)
        print(json.dumps(measure(judges[key], float(seconds))), flush=True)


if __name__ == "__main__":
    main()
