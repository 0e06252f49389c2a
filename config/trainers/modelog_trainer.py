"""What a trainer needs of Modelog: the rows and parameters of its environment, and the files it has to leave."""

import json
import os
import pathlib
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass
class Job:
    """One training: features as float32 (NaN: missing) and text ("": missing), and what is to be learned."""

    task: str
    seed: int
    parameters: dict
    numbers: list
    texts: list
    nullable: list
    x: pd.DataFrame
    y: np.ndarray
    x_test: pd.DataFrame
    y_test: np.ndarray


def read_job():
    target = os.environ["MODELOG_TARGET"]
    task = os.environ["MODELOG_TASK"]
    train = read_csv(os.environ["MODELOG_DATA"])
    test = read_csv(os.environ["MODELOG_TEST_DATA"]) if "MODELOG_TEST_DATA" in os.environ else train.iloc[:0]
    features = [name for name in train.columns if name != target]
    # Of a column's type the rows of training decide.
    numbers = [name for name in features if is_number(train[name])]
    texts = [name for name in features if name not in numbers]
    labels_are_numbers = is_number(train[target])
    if task == "regression" and not labels_are_numbers:
        raise SystemExit(f"the target '{target}' holds text: a regression needs numbers")
    return Job(
        task=task,
        seed=int(os.environ["MODELOG_SEED"]),
        parameters=json.loads(os.environ["MODELOG_PARAMETERS"]),
        numbers=numbers,
        texts=texts,
        nullable=[name for name in features if train[name].isna().any()],
        x=typed(train, features, numbers),
        y=labels(train[target], task, labels_are_numbers),
        x_test=typed(test, features, numbers),
        y_test=labels(test[target], task, labels_are_numbers),
    )


def read_csv(path):
    """Every cell as text; an empty one is missing, and nothing else is."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


TRUTH = {"true": "1", "false": "0"}


def is_number(column):
    return pd.to_numeric(column.dropna().replace(TRUTH), errors="coerce").notna().all()


def numbers_of(column):
    return pd.to_numeric(column.replace(TRUTH))


def typed(frame, features, numbers):
    """float32, as the model will be fed: a threshold learned between two float64 could part rows that it cannot."""
    return pd.DataFrame(
        {
            name: numbers_of(frame[name]).astype(np.float32) if name in numbers else frame[name].fillna("").astype(object)
            for name in features
        }
    )


def labels(column, task, are_numbers):
    if task == "regression":
        return numbers_of(column).to_numpy(np.float64)
    whole = are_numbers and not set(column) <= set(TRUTH)
    return numbers_of(column).to_numpy(np.int64) if whole else column.to_numpy(str)


def measured(job, predict):
    """Metrics of the rows that are held out, of those of training where there are none."""
    x, y = (job.x_test, job.y_test) if len(job.y_test) > 0 else (job.x, job.y)
    predicted = predict(x)
    if job.task == "classification":
        return {"accuracy": float(np.mean(predicted == y))}
    return {"rmse": float(np.sqrt(np.mean((predicted - y) ** 2)))}


def write_model(job, onnx, metrics):
    """`feature_names` in the order of the graph's inputs: that of the columns."""
    output = pathlib.Path(os.environ["MODELOG_OUTPUT"])
    (output / "model.onnx").write_bytes(onnx.SerializeToString())
    (output / "metrics.json").write_text(json.dumps(metrics))
    (output / "feature_names").write_text(json.dumps(list(job.x.columns)))
    (output / "nullable_features").write_text(json.dumps(job.nullable))
