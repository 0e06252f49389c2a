"""scikit-learn beside the built-in trainers, for the case `quality`.

python scikit_learn_quality.py data <folder> <csv.gz>   writes the data sets that scikit-learn bundles as CSV, and a copy
                                                        of the given one with a tenth of its features' cells blank
python scikit_learn_quality.py measure <tasks.json>     a line of JSON for each data set, learner and split
"""

import gzip
import json
import os
import pathlib
import sys

# Threads of OpenMP spin while they wait, and the other core is the other trainer's. It is read when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

BUNDLED = {
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
    "diabetes": lambda **options: datasets.load_diabetes(scaled=False, **options),
}


def write_data(folder, complete):
    for name, load in BUNDLED.items():
        frame = load(as_frame=True).frame
        frame.columns = [str(column).replace(" ", "_") for column in frame.columns]
        frame.to_csv(folder / f"{name}.csv", index=False)
    blank(complete, folder / complete.name.replace(".csv.gz", "_blanks.csv"))


def blank(source, to):
    """Of the cells' text, so that those that are left keep their spelling."""
    random = np.random.default_rng(20261123)
    header, *rows = gzip.decompress(source.read_bytes()).decode().splitlines()
    lines = [header]
    for row in rows:
        *features, target = row.split(",")
        kept = random.random(len(features)) >= 0.1
        lines.append(",".join([*(cell if keep else "" for cell, keep in zip(features, kept)), target]))
    to.write_text("\n".join(lines) + "\n")


def read(path, target):
    frame = pd.read_csv(path)
    features = frame.drop(columns=target)
    for column in features.columns:
        if not pd.api.types.is_numeric_dtype(features[column]):
            features[column] = features[column].astype("category")
    return features, frame[target].to_numpy()


NUMBERS = make_column_selector(dtype_include="number")
CATEGORIES = make_column_selector(dtype_include="category")


def one_hot():
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES


def scaled():
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer((numbers, NUMBERS), one_hot())


def boosting(classifies, p, seed):
    kind = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    rounds = p["early_stopping_rounds"]
    stopping = {} if rounds is None else {"n_iter_no_change": rounds, "validation_fraction": p["validation_share"]}
    return kind(
        max_iter=p["n_estimators"],
        learning_rate=p["learning_rate"],
        max_leaf_nodes=p["max_leaves"],
        max_depth=p["max_depth"],
        min_samples_leaf=p["min_samples_leaf"],
        l2_regularization=p["l2"],
        max_bins=p["max_bins"],
        early_stopping=rounds is not None,
        categorical_features="from_dtype",
        random_state=seed,
        **stopping,
    )


def forest(classifies, p, seed):
    kind = RandomForestClassifier if classifies else RandomForestRegressor
    model = kind(
        n_estimators=p["n_estimators"],
        max_depth=p["max_depth"],
        min_samples_split=p["min_samples_split"],
        min_samples_leaf=p["min_samples_leaf"],
        max_features=p.get("max_features", "sqrt" if classifies else 1.0),
        bootstrap=p["bootstrap"],
        random_state=seed,
    )
    return make_pipeline(make_column_transformer(("passthrough", NUMBERS), one_hot()), model)


def logistic(_, p, __):
    strength = np.inf if p["l2"] == 0 else 1 / p["l2"]
    return make_pipeline(scaled(), LogisticRegression(C=strength, max_iter=p["max_iter"], tol=p["tolerance"]))


def linear(_, p, __):
    return make_pipeline(scaled(), LinearRegression() if p["l2"] == 0 else Ridge(alpha=p["l2"]))


LEARNERS = {
    "gradient_boosting": boosting,
    "random_forest": forest,
    "logistic_regression": logistic,
    "linear_regression": linear,
}


def metrics(model, features, target):
    if not hasattr(model, "predict_proba"):
        return {"r2": r2_score(target, model.predict(features))}
    measured = {"accuracy": accuracy_score(target, model.predict(features))}
    if len(model.classes_) == 2:
        measured["roc_auc"] = roc_auc_score(target == model.classes_[1], model.predict_proba(features)[:, 1])
    return measured


def measure(task):
    for data in task["datasets"]:
        features, target = read(data["file"], data["target"])
        for learner in data["learners"]:
            for seed, split in enumerate(data["splits"], start=1):
                make = LEARNERS[learner["algorithm"]]
                model = make(data["task"] == "classification", learner["parameters"], seed)
                model.fit(features.iloc[split["train"]], target[split["train"]])
                measured = metrics(model, features.iloc[split["test"]], target[split["test"]])
                print(json.dumps({"dataset": data["name"], "learner": learner["name"], "metrics": measured}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "data":
        write_data(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    else:
        measure(json.loads(pathlib.Path(sys.argv[2]).read_text()))
