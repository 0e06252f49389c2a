"""tritonclient over HTTP: tensors as JSON and in the binary form, in all four ways."""

import tritonclient.http as triton

from cases import given, passed, refused

url, _, numbers, texts = given()
client = triton.InferenceServerClient(url.removeprefix("http://"), concurrency=4)


def inputs(case, rows: int, binary: bool):
    tensors = []
    for name, datatype, values in case.tensors(rows):
        tensor = triton.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        tensors.append(tensor)
    return tensors


assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready(numbers.name) and client.is_model_ready(numbers.name, "1.0.0")
assert not client.is_model_ready("nobody")
passed("health")

assert client.get_server_metadata()["name"] == "modelog"
metadata = client.get_model_metadata(texts.name)
assert metadata["versions"] == ["1.0.0"] and {tensor["name"] for tensor in metadata["inputs"]} == set(texts.features)
assert {"name": numbers.name, "version": "1.0.0", "state": "READY", "reason": ""} in client.get_model_repository_index()
passed("metadata")

for sent in (False, True):
    for answered in (False, True):
        outputs = [triton.InferRequestedOutput(name, binary_data=answered) for name in (numbers.label, numbers.scores)]
        result = client.infer(numbers.name, inputs(numbers, 100, sent), outputs=outputs, request_id="a")
        numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
        assert result.get_response()["id"] == "a"
        wanted = [triton.InferRequestedOutput(texts.label, binary_data=answered)]
        texts.check(client.infer(texts.name, inputs(texts, 50, sent), outputs=wanted).as_numpy(texts.label))
        passed(f"infer, sent {'binary' if sent else 'JSON'}, answered {'binary' if answered else 'JSON'}")

result = client.infer(numbers.name, inputs(numbers, 3, True), model_version="1.0.0")
numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
passed("infer, all outputs of a version")

for algorithm in ("gzip", "deflate"):
    result = client.infer(
        numbers.name,
        inputs(numbers, 100, True),
        request_compression_algorithm=algorithm,
    )
    numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
passed("compressed requests")

pending = [client.async_infer(numbers.name, inputs(numbers, rows, True)) for rows in range(1, 9)]
for rows, each in enumerate(pending, 1):
    result = each.get_result()
    numbers.check(result.as_numpy(numbers.label), result.as_numpy(numbers.scores))
    assert len(result.as_numpy(numbers.label)) == rows
passed("requests side by side")

[stats] = client.get_inference_statistics(numbers.name)["model_stats"]
assert stats["name"] == numbers.name and stats["inference_count"] >= 100, stats
assert stats["inference_stats"]["success"]["count"] >= 1
passed("statistics")

refused(lambda: client.infer("nobody", inputs(numbers, 1, True)), "nobody")
refused(lambda: client.infer(numbers.name, inputs(numbers, 1, True), model_version="9.9.9"), "9.9.9")
narrow = triton.InferInput("X", [1, 12], "FP32")
narrow.set_data_from_numpy(numbers.tensors(1)[0][2][:, :12], binary_data=True)
refused(lambda: client.infer(numbers.name, [narrow]), "'X'", "FP32", "13")
passed("refusals")

client.close()
