import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { isDatatype } from '../oip/datatypes.js';
import { invalidTensor, shapeProblem } from '../oip/input-binding.js';
import { invalidOutput } from '../oip/output-selection.js';
import type { InferRequest, InputTensor, Parameter, TensorData } from '../oip/protocol.js';
import { invalidParameter, unsupportedParameter } from '../oip/request-parameters.js';
import { decodeBinary } from '../oip/binary-tensor.js';
import { readContents } from './contents.js';
import type { InferRequestMessage, InputTensorMessage, ParameterMessage, Parameters } from './wire.js';

/** What is asked, and in which form the outputs are wanted. */
export interface GrpcRequest {
  readonly request: InferRequest;
  /** Outputs are answered as the inputs came, unless the parameter `binary_data_output` says otherwise. */
  readonly raw: boolean;
}

export function readInfer(message: InferRequestMessage): Result<GrpcRequest, Rejection> {
  const { inputs = [], outputs = [], raw_input_contents: raw = [] } = message;
  const parameters = readParameters(message.parameters ?? {});
  const asked = parameters['binary_data_output'];
  if (asked !== undefined && typeof asked !== 'boolean')
    return reject(invalidParameter('binary_data_output', 'expected true or false'));
  for (const { name = '', parameters: own } of outputs) {
    const unsupported = unsupportedParameter(own ?? null);
    if (unsupported !== undefined) return reject(invalidOutput(name, `parameter ${unsupported} is not supported`));
  }
  const tensors = readTensors(inputs, raw);
  if (!tensors.ok) return tensors;
  return accept({
    request: {
      model: message.model_name ?? '',
      version: present(message.model_version),
      id: present(message.id),
      inputs: tensors.value,
      outputs: outputs.map(({ name = '' }) => name),
      parameters,
    },
    raw: asked ?? raw.length > 0,
  });
}

/** The protocol has no field that is not there: an empty text is none. */
export const present = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** Either all tensors have their own contents, or all of them stand in the raw form beside, in the same order. */
function readTensors(
  inputs: readonly InputTensorMessage[],
  raw: readonly Buffer[],
): Result<readonly InputTensor[], Rejection> {
  if (inputs.length === 0) return reject(invalidField('inputs', 'expected at least one tensor'));
  if (raw.length > 0 && raw.length !== inputs.length)
    return reject(
      invalidField('raw_input_contents', `expected one for each of the ${inputs.length} inputs, got ${raw.length}`),
    );
  const tensors: InputTensor[] = [];
  for (const [index, input] of inputs.entries()) {
    const tensor = readTensor(input, raw[index]);
    if (!tensor.ok) return tensor;
    tensors.push(tensor.value);
  }
  return accept(tensors);
}

function readTensor(
  { name = '', datatype, shape: lengths = [], parameters, contents }: InputTensorMessage,
  raw: Buffer | undefined,
): Result<InputTensor, Rejection> {
  if (!isDatatype(datatype))
    return reject(invalidTensor(name, 'datatype: expected one of the protocol but FP16, BF16'));
  const unsupported = unsupportedParameter(parameters ?? null);
  if (unsupported !== undefined) return reject(invalidTensor(name, `parameter ${unsupported} is not supported`));
  const shape = lengths.map((length) => length.toNumber());
  const wrong = shapeProblem(shape);
  if (wrong !== null) return reject(invalidTensor(name, wrong));
  if (raw !== undefined && contents !== undefined)
    return reject(invalidTensor(name, 'expected either contents or raw_input_contents, got both'));
  const data: Result<TensorData, string> =
    raw === undefined ? readContents(datatype, contents ?? {}) : decodeBinary(datatype, shape, raw);
  return data.ok ? accept({ name, datatype, shape, data: data.value }) : reject(invalidTensor(name, data.rejection));
}

/** Those that have a value. */
export function readParameters(parameters: Parameters): Record<string, Parameter> {
  const read = Object.create(null) as Record<string, Parameter>;
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = valueOf(parameter);
    if (value !== undefined) read[name] = value;
  }
  return read;
}

const valueOf = ({
  bool_param,
  int64_param,
  string_param,
  double_param,
  uint64_param,
}: ParameterMessage): Parameter | undefined =>
  bool_param ?? string_param ?? double_param ?? (int64_param ?? uint64_param)?.toNumber();

const invalidField = (path: string, message: string): Rejection =>
  rejection('invalid_request', `${path}: ${message}`, [{ path, message }]);
