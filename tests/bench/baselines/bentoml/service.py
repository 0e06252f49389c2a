"""The benchmark's forest in BentoML: one worker, one ONNX Runtime session on one thread, both outputs fetched."""

import os

import bentoml
import numpy
import onnxruntime


@bentoml.service(workers=1)
class Forest:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODELOG_BENCH_MODEL"], options, providers=["CPUExecutionProvider"]
        )

    @bentoml.api(route="/predict")
    def predict(self, rows: list[list[float]]) -> dict:
        values = numpy.asarray(rows, dtype=numpy.float32)
        label, probabilities = self.session.run(["label", "probabilities"], {"input": values})
        return {"label": label.tolist(), "probabilities": probabilities.tolist()}
