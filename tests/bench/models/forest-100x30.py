"""Makes forest-100x30.onnx: the random forest that the benchmarks predict with.

100 trees of depth 8 at most, 30 features, two classes; input `input` float[None, 30], outputs `label` int64[None] and
`probabilities` float[None, 2] (ZipMap off). Features are uniform on [0, 1), as are the rows the benchmarks send, so that
requests wander through the trees as the training rows did.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1 skl2onnx==1.20.0 onnxruntime==1.32.0
    venv/bin/python tests/bench/models/forest-100x30.py
"""

from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier

SEED = 20261123
ROWS, FEATURES, TREES, DEPTH = 5000, 30, 100, 8
TARGET = Path(__file__).with_name("forest-100x30.onnx")


def make_rows(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and classes; six features matter, two of them together, and a tenth of the classes is noise."""
    x = random.random((count, FEATURES)).astype(np.float32)
    score = 2 * x[:, 0] - x[:, 1] + 3 * (x[:, 2] - 0.5) * (x[:, 3] - 0.5) + np.sin(6 * x[:, 4]) + x[:, 5] ** 2
    y = (score > np.median(score)).astype(np.int64)
    return x, np.where(random.random(count) < 0.1, 1 - y, y)


def check(onnx_bytes: bytes, forest: RandomForestClassifier, x: np.ndarray) -> None:
    """The exported graph answers as scikit-learn does, to 1e-5."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    label, probabilities = session.run(["label", "probabilities"], {"input": x})
    expected = forest.predict_proba(x)
    if not np.allclose(probabilities, expected, atol=1e-5):
        raise SystemExit(f"probabilities differ by {np.abs(probabilities - expected).max()}, expected at most 1e-5")
    sure = np.abs(expected[:, 1] - 0.5) > 1e-5
    if not np.array_equal(label[sure], forest.predict(x)[sure]):
        raise SystemExit("labels differ from scikit-learn's")


def main() -> None:
    random = np.random.default_rng(SEED)
    x, y = make_rows(random, ROWS)
    forest = RandomForestClassifier(n_estimators=TREES, max_depth=DEPTH, random_state=SEED, n_jobs=1).fit(x, y)
    graph = to_onnx(
        forest,
        initial_types=[("input", FloatTensorType([None, FEATURES]))],
        options={"zipmap": False},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    onnx_bytes = graph.SerializeToString()
    held_out, classes = make_rows(random, 2000)
    check(onnx_bytes, forest, held_out)
    TARGET.write_bytes(onnx_bytes)
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    print(f"{TARGET.name}: {len(onnx_bytes)} bytes, {nodes} nodes, accuracy {forest.score(held_out, classes):.3f}")


if __name__ == "__main__":
    main()
