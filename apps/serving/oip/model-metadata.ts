import type { Signature, TensorInfo } from '#libs/contracts/index.js';
import { datatypeOf } from './datatypes.js';
import type { ModelMetadata, TensorMetadata } from './protocol.js';

/** The tensors of a version as its graph has them; rows are the open first dimension. */
export const metadataOf = (deployment: string, version: string, signature: Signature): ModelMetadata => ({
  name: deployment,
  versions: [version],
  platform: 'onnx_onnxv1',
  inputs: signature.inputs.map(({ name, type, shape }) => ({
    name,
    datatype: datatypeOf[type],
    shape: [-1, ...rowShapeOf(shape)],
  })),
  outputs: signature.outputs.map(outputOf),
});

/** A loaded model's outputs are open in their rows alone. */
export const outputOf = ({ name, type, shape }: TensorInfo): TensorMetadata => ({
  name,
  datatype: datatypeOf[type],
  shape: [-1, ...shape.slice(1).map((length) => length ?? -1)],
});

/** Of an input: further open dimensions are filled with 1, as wide as the columns that the model is run on. */
export const rowShapeOf = (shape: TensorInfo['shape']): number[] => shape.slice(1).map((length) => length ?? 1);
