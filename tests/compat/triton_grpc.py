"""tritonclient over gRPC: unary calls, calls side by side, a stream, and the statuses of refusals."""

import queue

import tritonclient.grpc as triton

from cases import given, passed, refused

_, address, numbers, texts = given()
client = triton.InferenceServerClient(address)


def inputs(case, rows: int):
    tensors = []
    for name, datatype, values in case.tensors(rows):
        tensor = triton.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values)
        tensors.append(tensor)
    return tensors


assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready(numbers.name) and client.is_model_ready(numbers.name, "1.0.0")
assert not client.is_model_ready("nobody")
passed("health")

assert client.get_server_metadata().name == "modelog"
metadata = client.get_model_metadata(texts.name)
assert list(metadata.versions) == ["1.0.0"] and {tensor.name for tensor in metadata.inputs} == set(texts.features)
index = client.get_model_repository_index().models
assert [(each.version, each.state) for each in index if each.name == numbers.name] == [("1.0.0", "READY")]
passed("metadata")

result = client.infer(numbers.name, inputs(numbers, 100), request_id="a")
numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
response = result.get_response()
assert (response.id, response.model_name, response.model_version) == ("a", numbers.name, "1.0.0")
assert response.parameters["prediction_id"].string_param
passed("infer, numbers")

wanted = [triton.InferRequestedOutput(texts.label), triton.InferRequestedOutput("prediction_id")]
result = client.infer(texts.name, inputs(texts, 50), outputs=wanted, model_version="1.0.0", client_timeout=30)
texts.check(result.as_numpy(texts.label))
assert len(set(result.as_numpy("prediction_id").tolist())) == 50
passed("infer, texts, with the id of each row")

for algorithm in ("gzip", "deflate"):
    result = client.infer(numbers.name, inputs(numbers, 100), compression_algorithm=algorithm)
    numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
passed("compressed messages")

answers: queue.Queue = queue.Queue()
for rows in range(1, 33):
    client.async_infer(numbers.name, inputs(numbers, rows), lambda result, error: answers.put((result, error)))
sizes = []
for _ in range(32):
    result, error = answers.get(timeout=30)
    assert error is None, error
    numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
    sizes.append(len(result.as_numpy(numbers.label)))
assert sorted(sizes) == list(range(1, 33))
passed("calls side by side")

client.start_stream(lambda result, error: answers.put((result, error)))
for at in range(100):
    client.async_stream_infer(numbers.name, inputs(numbers, 1), request_id=str(at))
client.async_stream_infer("nobody", inputs(numbers, 1), request_id="refused")
found, errors = set(), []
for _ in range(101):
    result, error = answers.get(timeout=30)
    if error is not None:
        errors.append(str(error))
        continue
    numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
    found.add(result.get_response().id)
client.stop_stream()
assert found == {str(at) for at in range(100)} and len(errors) == 1 and "nobody" in errors[0], errors
passed("stream")

[stats] = client.get_inference_statistics(numbers.name).model_stats
assert stats.inference_count >= 300 and stats.inference_stats.success.count >= 100, stats
passed("statistics")

unknown = refused(lambda: client.infer("nobody", inputs(numbers, 1)), "nobody")
assert unknown.status() == "StatusCode.NOT_FOUND", unknown.status()
version = refused(lambda: client.infer(numbers.name, inputs(numbers, 1), model_version="9.9.9"), "9.9.9")
assert version.status() == "StatusCode.NOT_FOUND", version.status()
narrow = triton.InferInput("X", [1, 12], "FP32")
narrow.set_data_from_numpy(numbers.tensors(1)[0][2][:, :12])
shape = refused(lambda: client.infer(numbers.name, [narrow]), "'X'", "FP32", "13")
assert shape.status() == "StatusCode.INVALID_ARGUMENT", shape.status()
passed("refusals")

client.close()
