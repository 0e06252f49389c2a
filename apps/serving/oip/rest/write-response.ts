import type { InferResponse, OutputTensor } from '../protocol.js';
import { encodeBinary } from '../binary-tensor.js';

export interface EncodedResponse {
  readonly body: Buffer;
  /** Bytes of the JSON where binary data follow it. */
  readonly jsonBytes: number | undefined;
}

/** Outputs in the order of the response; those that are binary follow the JSON in that order. */
export function encodeResponse(response: InferResponse, isBinary: (output: string) => boolean): EncodedResponse {
  const binary: Uint8Array[] = [];
  const outputs = response.outputs.map((output) => {
    const head = `{"name":${JSON.stringify(output.name)},"shape":[${output.shape.join(',')}],"datatype":"${output.datatype}",`;
    if (!isBinary(output.name)) return `${head}"data":[${elements(output)}]}`;
    const bytes = encodeBinary(output);
    binary.push(bytes);
    return `${head}"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const id = response.id === undefined ? '' : `"id":${JSON.stringify(response.id)},`;
  const json =
    `{"model_name":${JSON.stringify(response.model)},"model_version":${JSON.stringify(response.version)},${id}` +
    `"parameters":${JSON.stringify(response.parameters)},"outputs":[${outputs.join(',')}]}`;
  const header = Buffer.from(json, 'utf8');
  if (binary.length === 0) return { body: header, jsonBytes: undefined };
  return { body: Buffer.concat([header, ...binary]), jsonBytes: header.length };
}

/** What JSON has no number for is null; a whole number has all of its digits. */
function elements({ datatype, data }: OutputTensor): string {
  if (Array.isArray(data)) return (data as readonly string[]).map((text) => JSON.stringify(text)).join(',');
  const values = data as Exclude<OutputTensor['data'], readonly string[]>;
  if (datatype === 'BOOL') return Array.from(values as Uint8Array, (value) => value !== 0).join(',');
  if (datatype === 'FP32' || datatype === 'FP64')
    return Array.from(values as Float32Array, (value) => (Number.isFinite(value) ? `${value}` : 'null')).join(',');
  return values.join(',');
}
