import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { parseJson } from '../../http/read-body.js';
import { invalidOutput } from '../output-selection.js';
import type { InferRequest, Parameter } from '../protocol.js';
import { invalidParameter, unsupportedParameter } from '../request-parameters.js';
import { isObject } from '../../json-object.js';
import { withoutBareNumbers } from './bare-numbers.js';
import { readTensors } from './read-tensors.js';

/** What is asked, and in which form the outputs are wanted. */
export interface RestRequest {
  readonly request: InferRequest;
  readonly isBinary: (output: string) => boolean;
}

/** Whom a request is for: as its address has it. */
export interface Addressed {
  readonly model: string;
  readonly version: string | undefined;
}

/** A body as its two parts: JSON, and what stands behind it. `header`: Inference-Header-Content-Length. */
export function splitBody(
  body: Buffer,
  header: string | undefined,
): Result<{ readonly json: unknown; readonly binary: Buffer }, Rejection> {
  const length = header === undefined ? body.length : Number(header);
  if (header !== undefined && !/^\d{1,15}$/.test(header))
    return reject(malformedHeader('expected the bytes of the JSON as a whole number'));
  if (length > body.length)
    return reject(malformedHeader(`expected at most the ${body.length} bytes that the body has, got ${length}`));
  const text = body.subarray(0, length);
  let parsed = parseJson(text);
  if (!parsed.ok && parsed.rejection.code === 'malformed_json') {
    const repaired = withoutBareNumbers(text);
    if (repaired !== null) parsed = parseJson(repaired);
  }
  return parsed.ok ? accept({ json: parsed.value, binary: body.subarray(length) }) : parsed;
}

export function readInfer(
  json: unknown,
  binary: Buffer,
  { model, version }: Addressed,
): Result<RestRequest, Rejection> {
  if (!isObject(json)) return reject(rejection('malformed_body', 'the body should be a JSON object'));
  const { id = '', parameters = null, inputs, outputs = null } = json;
  if (typeof id !== 'string') return reject(invalidField('id', 'expected a text'));
  const given = readParameters(parameters ?? {});
  if (!given.ok) return given;
  const wanted = readOutputs(outputs ?? []);
  if (!wanted.ok) return wanted;
  const tensors = readTensors(inputs, binary);
  if (!tensors.ok) return tensors;
  const allBinary = given.value['binary_data_output'] === true;
  return accept({
    request: {
      model,
      version,
      id: id === '' ? undefined : id,
      inputs: tensors.value,
      outputs: [...wanted.value.keys()],
      parameters: given.value,
    },
    isBinary: (output) => wanted.value.get(output) ?? allBinary,
  });
}

/** A parameter without a value is none. */
function readParameters(parameters: unknown): Result<Readonly<Record<string, Parameter>>, Rejection> {
  if (!isObject(parameters)) return reject(invalidField('parameters', 'expected an object'));
  const read = Object.create(null) as Record<string, Parameter>;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      return reject(invalidParameter(name, 'expected a text, a number or true or false'));
    read[name] = value;
  }
  const asked = read['binary_data_output'];
  if (asked !== undefined && typeof asked !== 'boolean')
    return reject(invalidParameter('binary_data_output', 'expected true or false'));
  return accept(read);
}

/** By name: whether it is wanted in binary; undefined: as the request says for all. */
function readOutputs(outputs: unknown): Result<ReadonlyMap<string, boolean | undefined>, Rejection> {
  if (!Array.isArray(outputs)) return reject(invalidField('outputs', 'expected an array'));
  const read = new Map<string, boolean | undefined>();
  for (const [index, output] of (outputs as readonly unknown[]).entries()) {
    const path = `outputs[${index}]`;
    if (!isObject(output)) return reject(invalidField(path, 'expected an output: an object'));
    const { name, parameters = null } = output;
    if (typeof name !== 'string') return reject(invalidField(`${path}.name`, 'expected a text'));
    if (read.has(name)) return reject(invalidOutput(name, 'expected once, is asked for twice'));
    if (parameters !== null && !isObject(parameters))
      return reject(invalidOutput(name, 'parameters: expected an object'));
    const unsupported = unsupportedParameter(parameters);
    if (unsupported !== undefined) return reject(invalidOutput(name, `parameter ${unsupported} is not supported`));
    const binary = parameters?.['binary_data'];
    if (binary !== undefined && typeof binary !== 'boolean')
      return reject(invalidOutput(name, 'binary_data: expected true or false'));
    read.set(name, binary);
  }
  return accept(read);
}

const malformedHeader = (message: string): Rejection =>
  rejection('malformed_body', `Inference-Header-Content-Length: ${message}`, [
    { path: 'header Inference-Header-Content-Length', message },
  ]);

const invalidField = (path: string, message: string): Rejection =>
  rejection('invalid_request', `${path}: ${message}`, [{ path, message }]);
