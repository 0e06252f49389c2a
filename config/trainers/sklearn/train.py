"""A random forest of scikit-learn for Modelog; hyper-parameters go to it as they are named."""

import pathlib
import sys

from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from modelog_trainer import measured, read_job, write_model

job = read_job()
forest = RandomForestClassifier if job.task == "classification" else RandomForestRegressor
columns = ColumnTransformer(
    [
        ("numbers", SimpleImputer(strategy="median"), job.numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore"), job.texts),
    ]
)
model = Pipeline([("columns", columns), ("forest", forest(random_state=job.seed, **job.parameters))])
model.fit(job.x, job.y)
print(f"{forest.__name__} has learned from {len(job.y)} rows")

inputs = [(name, FloatTensorType([None, 1]) if name in job.numbers else StringTensorType([None, 1])) for name in job.x]
options = {id(model): {"zipmap": False}} if job.task == "classification" else None
onnx = convert_sklearn(model, name="model", initial_types=inputs, options=options, target_opset={"": 17, "ai.onnx.ml": 3})
write_model(job, onnx, measured(job, model.predict))
