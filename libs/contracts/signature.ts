import { z } from 'zod';

/** Element types that a graph's tensors may have and that serving can fill. */
export const tensorType = z.enum(['float32', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'string']);
export type TensorType = z.infer<typeof tensorType>;

/** `null` is a dimension the caller chooses (the batch). */
export const tensorInfo = z.object({
  name: z.string(),
  type: tensorType,
  shape: z.array(z.int().nonnegative().nullable()),
});
export type TensorInfo = z.infer<typeof tensorInfo>;

/**
 * A named value of a request and where it goes: element `index` of the rows of graph input `input`, or, with
 * `index` null, the whole row of that input (then `shape` is the row's shape and the value is an array, nested alike).
 */
export const feature = z.object({
  name: z.string().min(1),
  type: tensorType,
  nullable: z.boolean(),
  input: z.string(),
  index: z.int().nonnegative().nullable(),
  shape: z.array(z.int().positive()).optional(),
});
export type Feature = z.infer<typeof feature>;

/** What an output means: `label` and `probabilities` of a classifier, or a plain `value`. */
export const outputRole = z.enum(['label', 'probabilities', 'value']);

export const outputInfo = tensorInfo.extend({ role: outputRole });
export type OutputInfo = z.infer<typeof outputInfo>;

export const signature = z
  .object({
    inputs: z.array(tensorInfo).min(1),
    outputs: z.array(outputInfo).min(1),
    features: z.array(feature).min(1),
    /** Classes in the order of the probabilities, as trained: numbers or strings. Absent where the graph does not say. */
    classes: z.union([z.array(z.int()), z.array(z.string())]).optional(),
  })
  .meta({ id: 'Signature', description: 'Inputs, outputs and named features, read from the ONNX graph' });
export type Signature = z.infer<typeof signature>;
