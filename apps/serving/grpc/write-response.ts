import type { InferResponse, Parameter } from '../oip/protocol.js';
import { encodeBinary } from '../oip/binary-tensor.js';
import { writeContents } from './contents.js';
import type { InferResponseMessage, ParameterMessage, WritableInt64 } from './wire.js';

/** Outputs in the raw form, or each with its own contents. */
export function writeResponse(response: InferResponse, raw: boolean): InferResponseMessage {
  const { model, version, id = '', outputs, parameters } = response;
  return {
    model_name: model,
    model_version: version,
    id,
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, parameterOf(value)])),
    outputs: outputs.map((output) => {
      const { name, datatype, shape } = output;
      return raw ? { name, datatype, shape } : { name, datatype, shape, contents: writeContents(output) };
    }),
    raw_output_contents: raw ? outputs.map(encodeBinary) : [],
  };
}

function parameterOf(value: Parameter): ParameterMessage<WritableInt64> {
  if (typeof value === 'string') return { string_param: value };
  if (typeof value === 'boolean') return { bool_param: value };
  return Number.isSafeInteger(value) ? { int64_param: value } : { double_param: value };
}
