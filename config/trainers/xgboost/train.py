"""Gradient boosting by XGBoost for Modelog; hyper-parameters go to it as they are named."""

import pathlib
import sys

import numpy as np
from onnx import TensorProto, helper
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx import convert_sklearn, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier, XGBRegressor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from modelog_trainer import measured, read_job, write_model

update_registered_converter(
    XGBClassifier,
    "XGBoostXGBClassifier",
    calculate_linear_classifier_output_shapes,
    convert_xgboost,
    options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
)
update_registered_converter(
    XGBRegressor, "XGBoostXGBRegressor", calculate_linear_regressor_output_shapes, convert_xgboost
)


def with_labels(onnx, classes):
    """XGBoost numbers its classes from 0: the graph's trees get the labels that the numbers stand for."""
    trees = next(node for node in onnx.graph.node if node.op_type == "TreeEnsembleClassifier")
    numbered = next(attribute for attribute in trees.attribute if attribute.name == "classlabels_int64s")
    trees.attribute.remove(numbered)
    if classes.dtype.kind == "i":
        trees.attribute.append(helper.make_attribute("classlabels_int64s", [int(name) for name in classes]))
        return
    trees.attribute.append(helper.make_attribute("classlabels_strings", [str(name) for name in classes]))
    label = next(output for output in onnx.graph.output if output.name == trees.output[0])
    label.type.tensor_type.elem_type = TensorProto.STRING


job = read_job()
classifying = job.task == "classification"
booster = XGBClassifier if classifying else XGBRegressor
# Missing numbers stay missing. Dense, because XGBoost takes the zeros of a sparse matrix for missing values.
columns = ColumnTransformer(
    [
        ("numbers", "passthrough", job.numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), job.texts),
    ],
    sparse_threshold=0,
)
model = Pipeline([("columns", columns), ("booster", booster(random_state=job.seed, n_jobs=1, **job.parameters))])
classes, numbers = np.unique(job.y, return_inverse=True)
model.fit(job.x, numbers if classifying else job.y)
print(f"{booster.__name__} has learned from {len(job.y)} rows")

inputs = [(name, FloatTensorType([None, 1]) if name in job.numbers else StringTensorType([None, 1])) for name in job.x]
options = {id(model): {"zipmap": False}} if classifying else None
onnx = convert_sklearn(model, name="model", initial_types=inputs, options=options, target_opset={"": 15, "ai.onnx.ml": 3})
if classifying:
    with_labels(onnx, classes)
write_model(job, onnx, measured(job, lambda x: classes[model.predict(x)] if classifying else model.predict(x)))
