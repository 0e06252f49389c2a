"""What the scripts share: rows of two fixture models, and what the library that made each of them answered."""

import json
import sys
from pathlib import Path

import numpy as np


class Case:
    """A deployment, named as its fixture, with tensors of its rows and the expected outputs."""

    def __init__(self, folder: Path):
        self.name = folder.name
        cases = json.loads((folder / "cases.json").read_text())
        self.rows = cases["rows"]
        self.features = cases["feature_names"]
        outputs = cases["outputs"]
        self.labels = [output["label"] for output in outputs]
        self.probabilities = np.array([list(output["probabilities"].values()) for output in outputs])


class Numbers(Case):
    """One tensor of numbers, [rows, features]; a label of int64."""

    label, scores = "label", "probabilities"

    def tensors(self, rows: int):
        values = [[row[name] for name in self.features] for row in self.rows[:rows]]
        return [("X", "FP32", np.array(values, dtype=np.float32))]

    def check(self, label, scores) -> None:
        rows = len(label)
        assert label.dtype == np.int64, label.dtype
        assert label.tolist() == self.labels[:rows], label
        assert scores.shape == (rows, self.probabilities.shape[1]), scores.shape
        np.testing.assert_allclose(scores, self.probabilities[:rows], atol=1e-5)


class Texts(Case):
    """A tensor for each feature, [rows, 1], two of them texts; a label of text."""

    label = "output_label"

    def tensors(self, rows: int):
        def column(name):
            values = [[row[name]] for row in self.rows[:rows]]
            if isinstance(values[0][0], str):
                return "BYTES", np.array([[text.encode()] for [text] in values], dtype=np.object_)
            whole = isinstance(values[0][0], int)
            return ("INT64", np.array(values, dtype=np.int64)) if whole else ("FP32", np.array(values, dtype=np.float32))

        return [(name, *column(name)) for name in self.features]

    def check(self, label) -> None:
        found = [text.decode() if isinstance(text, bytes) else text for text in label.reshape(-1).tolist()]
        assert found == self.labels[: len(found)], found


def given():
    """Public URL, address of gRPC, and the two cases: the arguments of every script."""
    url, grpc_address, fixtures = sys.argv[1:4]
    folder = Path(fixtures)
    return url, grpc_address, Numbers(folder / "forest-plain"), Texts(folder / "mixed-pipeline")


def passed(what: str) -> None:
    """The spec reads these lines."""
    print(f"passed: {what}", flush=True)


def refused(call, *expected: str):
    """The error that a call ends with; it tells what was expected."""
    try:
        answer = call()
    except Exception as error:  # noqa: BLE001: each client has its own
        text = str(error)
        for each in expected:
            assert each in text, f"expected {each!r} in {text!r}"
        return error
    raise AssertionError(f"expected a refusal with {expected}, got {answer}")
