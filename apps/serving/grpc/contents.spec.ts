import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { InferResponse, OutputTensor } from '../oip/protocol.js';
import { readInfer } from './read-request.js';
import { loaderOptions, protocolFile, type InferRequestMessage } from './wire.js';
import { writeResponse } from './write-response.js';

/** The calls of the service as bytes on the wire. */
const { inference } = loadPackageDefinition(loadSync(protocolFile, loaderOptions)) as unknown as {
  inference: { GRPCInferenceService: ServiceClientConstructor };
};
const { ModelInfer } = inference.GRPCInferenceService.service;

/** What a client would read of a response, sent back as a request: names and numbers of the fields are the same. */
function echoed(outputs: readonly OutputTensor[], raw: boolean): ReturnType<typeof readInfer> {
  const response: InferResponse = { model: 'm', version: '1', id: 'i', outputs, parameters: {} };
  const { outputs: inputs, raw_output_contents, ...rest } = writeResponse(response, raw);
  const request = ModelInfer!.requestSerialize({ ...rest, inputs, raw_input_contents: raw_output_contents });
  return readInfer(ModelInfer!.requestDeserialize(request) as InferRequestMessage);
}

const typed = {
  FP32: Float32Array,
  FP64: Float64Array,
  INT64: BigInt64Array,
  INT32: Int32Array,
  INT16: Int16Array,
  INT8: Int8Array,
  UINT8: Uint8Array,
} as const;

const bytes = fc.uint8Array({ minLength: 0, maxLength: 64 });

const tensors: fc.Arbitrary<OutputTensor> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...Object.keys(typed)) as fc.Arbitrary<keyof typeof typed>, bytes)
    .map(([datatype, from]) => {
      const length = Math.floor(from.length / 8);
      const data = new typed[datatype](from.slice(0, length * 8).buffer, 0, length);
      return { name: datatype, datatype, shape: [length], data };
    }),
  fc.array(fc.boolean(), { maxLength: 8 }).map((values) => ({
    ...{ name: 'flags', datatype: 'BOOL' as const, shape: [values.length] },
    data: Uint8Array.from(values, Number),
  })),
  fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }).map((data) => ({
    ...{ name: 'texts', datatype: 'BYTES' as const, shape: [data.length] },
    data,
  })),
);

describe('tensors on the wire', () => {
  it.each([true, false])('keep every value of every datatype (raw: %s)', (raw) => {
    fc.assert(
      fc.property(fc.array(tensors, { minLength: 1, maxLength: 4 }), (outputs) => {
        const read = echoed(outputs, raw);
        if (!read.ok) throw new Error(read.rejection.detail);
        expect(read.value.raw).toBe(raw);
        const { inputs, model, version, id } = read.value.request;
        expect({ model, version, id }).toEqual({ model: 'm', version: '1', id: 'i' });
        for (const [index, { name, datatype, shape, data }] of outputs.entries()) {
          expect(inputs[index]).toMatchObject({ name, datatype, shape });
          expect(Array.from<unknown, unknown>(inputs[index]!.data, plain)).toEqual(
            Array.from<unknown, unknown>(data, plain),
          );
        }
      }),
    );
  });
});

/** A flag is 1 in the raw form and true in its own. */
const plain = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

describe('parameters', () => {
  const parametersOf = (parameters: object): unknown => {
    const request = ModelInfer!.requestSerialize({ parameters, inputs: [{ name: 'x', datatype: 'FP32', shape: [0] }] });
    const read = readInfer(ModelInfer!.requestDeserialize(request) as InferRequestMessage);
    return read.ok ? { ...read.value.request.parameters } : read.rejection;
  };

  it('are read as what they are; one without a value is none', () => {
    const given = {
      timeout: { int64_param: 5_000_000_000 },
      priority: { uint64_param: 3 },
      routing_key: { string_param: 'k' },
      share: { double_param: 0.5 },
      binary_data_output: { bool_param: false },
      none: {},
    };
    const read = { timeout: 5_000_000_000, priority: 3, routing_key: 'k', share: 0.5, binary_data_output: false };
    expect(parametersOf(given)).toEqual(read);
  });

  it('that mean another thing here than they say are refused by name', () => {
    expect(parametersOf({ binary_data_output: { string_param: 'yes' } })).toMatchObject({
      code: 'invalid_request',
      detail: "parameter 'binary_data_output': expected true or false",
    });
  });
});
