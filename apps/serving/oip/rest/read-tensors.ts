import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { isDatatype } from '../datatypes.js';
import { invalidTensor, shapeProblem } from '../input-binding.js';
import type { InputTensor } from '../protocol.js';
import { unsupportedParameter } from '../request-parameters.js';
import { decodeBinary } from '../binary-tensor.js';
import { isObject } from '../../json-object.js';

/**
 * The input tensors of a request: each with its `data` in the JSON, or with `binary_data_size` bytes behind it, in the
 * order of the tensors.
 */
export function readTensors(inputs: unknown, binary: Buffer): Result<readonly InputTensor[], Rejection> {
  if (!Array.isArray(inputs) || inputs.length === 0)
    return reject(invalidField('inputs', 'expected at least one tensor'));
  const tensors: InputTensor[] = [];
  let at = 0;
  for (const [index, input] of (inputs as readonly unknown[]).entries()) {
    const read = readTensor(input, `inputs[${index}]`, binary.subarray(at));
    if (!read.ok) return read;
    tensors.push(read.value.tensor);
    at += read.value.bytes;
  }
  if (at === binary.length) return accept(tensors);
  const rest = `expected ${at} bytes behind the JSON, as binary_data_size says of the tensors, got ${binary.length}`;
  return reject(rejection('invalid_tensor', rest, [{ path: 'inputs', message: rest }]));
}

/** `bytes`: how many of `binary` are the tensor's. */
function readTensor(
  input: unknown,
  path: string,
  binary: Buffer,
): Result<{ readonly tensor: InputTensor; readonly bytes: number }, Rejection> {
  if (!isObject(input)) return reject(invalidField(path, 'expected a tensor: an object'));
  const { name, datatype, shape, parameters = null, data } = input;
  if (typeof name !== 'string') return reject(invalidField(`${path}.name`, 'expected a text'));
  if (!isDatatype(datatype)) return reject(invalidTensor(name, `datatype: expected ${datatypes}`));
  if (!isShape(shape)) return reject(invalidTensor(name, 'shape: expected an array of whole numbers'));
  const wrong = shapeProblem(shape);
  if (wrong !== null) return reject(invalidTensor(name, wrong));
  if (parameters !== null && !isObject(parameters))
    return reject(invalidTensor(name, 'parameters: expected an object'));
  const unsupported = unsupportedParameter(parameters);
  if (unsupported !== undefined) return reject(invalidTensor(name, `parameter ${unsupported} is not supported`));

  const size = parameters?.['binary_data_size'];
  if (size === undefined) {
    if (!Array.isArray(data))
      return reject(invalidTensor(name, 'expected data, an array, or parameter binary_data_size'));
    const flat = flattened(data as readonly unknown[], shape);
    if (flat === null) return reject(invalidTensor(name, `data: expected it flat, or nested as [${shape.join(', ')}]`));
    // What the elements are is looked at where they are converted.
    return accept({ tensor: { name, datatype, shape, data: flat as readonly (number | null)[] }, bytes: 0 });
  }
  if (data !== undefined)
    return reject(invalidTensor(name, 'expected either data or parameter binary_data_size, got both'));
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return reject(invalidTensor(name, 'binary_data_size: expected a whole number of bytes'));
  if (size > binary.length)
    return reject(invalidTensor(name, `expected ${size} bytes (binary_data_size), the body has ${binary.length} left`));
  const decoded = decodeBinary(datatype, shape, binary.subarray(0, size));
  if (!decoded.ok) return reject(invalidTensor(name, decoded.rejection));
  return accept({ tensor: { name, datatype, shape, data: decoded.value }, bytes: size });
}

const datatypes = 'BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP32, FP64 or BYTES';

const isShape = (shape: unknown): shape is number[] => Array.isArray(shape) && shape.every(Number.isSafeInteger);

/** Row-major, as it is where it is flat; null where it is nested in another way than the shape says. */
function flattened(data: readonly unknown[], shape: readonly number[]): readonly unknown[] | null {
  if (!Array.isArray(data[0])) return data.some(Array.isArray) ? null : data;
  const flat: unknown[] = [];
  return flattenInto(flat, data, shape, 0) ? flat : null;
}

function flattenInto(flat: unknown[], data: unknown, shape: readonly number[], depth: number): boolean {
  if (depth === shape.length) {
    if (Array.isArray(data)) return false;
    flat.push(data);
    return true;
  }
  if (!Array.isArray(data) || data.length !== shape[depth]) return false;
  return data.every((part) => flattenInto(flat, part, shape, depth + 1));
}

const invalidField = (path: string, message: string): Rejection =>
  rejection('invalid_request', `${path}: ${message}`, [{ path, message }]);
