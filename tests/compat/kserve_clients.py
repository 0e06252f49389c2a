"""KServe's clients over REST and gRPC: contents as JSON, typed, and raw."""

import asyncio
import sys

import grpc
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.grpc.grpc_predict_v2_pb2 import ModelInferRequest
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import InferOutput

from cases import given, passed, refused

url, address, numbers, texts = given()


def request(case, rows: int, binary: bool) -> InferRequest:
    tensors = []
    for name, datatype, values in case.tensors(rows):
        tensor = InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        tensors.append(tensor)
    return InferRequest(model_name=case.name, infer_inputs=tensors, request_id="a")


def check(case, response, version: str | None = "1.0.0") -> None:
    outputs: dict[str, InferOutput] = {output.name: output for output in response.outputs}
    names = [case.label, case.scores] if case is numbers else [case.label]
    case.check(*(outputs[name].as_numpy() for name in names))
    assert (response.model_name, response.model_version, response.id) == (case.name, version, "a"), response


async def over_rest() -> None:
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=30))
    assert await client.is_server_live(url) and await client.is_server_ready(url)
    assert await client.is_model_ready(url, numbers.name)
    passed("REST: health")
    for binary in (False, True):
        for case in (numbers, texts):
            # The client reads no version out of an answer over REST.
            check(case, await client.infer(url, request(case, 50, binary), model_name=case.name), version=None)
        passed(f"REST: infer, {'binary' if binary else 'JSON'}")
    try:
        await client.infer(url, request(numbers, 1, False), model_name="nobody")
    except Exception as error:  # noqa: BLE001: an error of httpx
        assert "nobody" in str(error), error
    else:
        raise AssertionError("expected a refusal")
    passed("REST: refusal")
    await client.close()


async def over_grpc() -> None:
    async with InferenceGRPCClient(address, timeout=30) as client:
        assert await client.is_server_live() and await client.is_server_ready()
        assert await client.is_model_ready(numbers.name)
        passed("gRPC: health")
        for binary in (False, True):
            for case in (numbers, texts):
                check(case, await client.infer(request(case, 50, binary)))
            passed(f"gRPC: infer, {'raw' if binary else 'typed'}")
        side_by_side = await asyncio.gather(*(client.infer(request(numbers, rows, True)) for rows in range(1, 33)))
        for response in side_by_side:
            check(numbers, response)
        passed("gRPC: calls side by side")
        try:
            await client.infer(request(numbers, 1, True), headers=(("authorization", "Bearer none"),))
        except grpc.RpcError as error:
            raise AssertionError("without a secret a token is not looked at") from error
    with grpc.insecure_channel(address) as channel:
        stub = GRPCInferenceServiceStub(channel)
        error = refused(lambda: stub.ModelInfer(ModelInferRequest(model_name="nobody")))
        assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT), error
    passed("gRPC: refusal")


asyncio.run(over_rest())
asyncio.run(over_grpc())
sys.exit(0)
