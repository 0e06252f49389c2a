import { rejection, type FieldError, type Rejection } from '#libs/contracts/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import { MalformedMessage } from './wire.js';

/**
 * Why bytes, or what the caller says about them, are refused:
 * `not_onnx` cannot be read as an ONNX model · `external_data` weights lie in other files · `unsupported_model` inputs
 * or outputs that rows of JSON cannot feed or show · `signature_mismatch` feature names or nullable do not fit the graph ·
 * `nothing_to_optimise` the graph has nothing that the method makes smaller.
 */
export type OnnxRejectionCode =
  'not_onnx' | 'external_data' | 'unsupported_model' | 'signature_mismatch' | 'nothing_to_optimise';

export interface OnnxRejection extends Rejection {
  readonly code: OnnxRejectionCode;
}

/** Leaves a reading function from any depth; `orRejection` turns it into the value that callers see. */
export class Refused extends Error {
  readonly rejection: OnnxRejection;

  constructor(code: OnnxRejectionCode, detail: string, errors?: readonly FieldError[]) {
    super(detail);
    this.name = 'Refused';
    this.rejection = { ...rejection(code, detail, errors), code };
  }
}

export function orRejection<T>(read: () => Result<T, OnnxRejection>): Result<T, OnnxRejection> {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Refused) return reject(thrown.rejection);
    if (thrown instanceof MalformedMessage) {
      return reject({ code: 'not_onnx', detail: `the bytes are no ONNX model: ${thrown.message}` });
    }
    throw thrown;
  }
}
