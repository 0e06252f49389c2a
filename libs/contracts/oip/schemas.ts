/** The Open Inference Protocol (version 2) over REST, as it is published: serving checks requests by hand. */
import { z } from 'zod';

const datatype = z.enum([
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP32',
  'FP64',
  'BYTES',
]);

const parameters = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .meta({ id: 'OipParameters', description: 'Those that are not known here are passed over' });

const tensor = {
  name: z.string(),
  datatype,
  shape: z.array(z.int()).meta({ description: 'Rows first; in metadata, -1 is for the caller to choose' }),
};
const data = z.array(z.unknown()).meta({ description: 'Row-major, flat or nested as the shape' });

export const tensorMetadata = z.object(tensor).meta({ id: 'OipTensorMetadata' });

export const inferRequest = z
  .object({
    id: z.string().optional().meta({ description: 'Recorded as request_id, and answered' }),
    parameters: parameters.optional().meta({
      description:
        '`timeout` (microseconds), `routing_key`, `subject_id`; `binary_data_output`: every output as binary data',
    }),
    inputs: z.array(
      z.object({
        ...tensor,
        parameters: parameters.optional().meta({ description: '`binary_data_size`: bytes behind the JSON' }),
        data: data.optional(),
      }),
    ),
    outputs: z
      .array(z.object({ name: z.string(), parameters: parameters.optional() }))
      .optional()
      .meta({ description: 'Left out: all. `prediction_id` may be among them' }),
  })
  .meta({ id: 'OipInferRequest' });

export const inferResponse = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    parameters: parameters.meta({ description: '`prediction_id` of the first row, and how it was routed' }),
    outputs: z.array(z.object({ ...tensor, parameters: parameters.optional(), data: data.optional() })),
  })
  .meta({ id: 'OipInferResponse' });

export const serverMetadata = z
  .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .meta({ id: 'OipServerMetadata' });

export const modelMetadata = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  })
  .meta({ id: 'OipModelMetadata' });

export const live = z.object({ live: z.boolean() });
export const ready = z.object({ ready: z.boolean() });
export const modelReady = z.object({ name: z.string(), ready: z.boolean() });

const duration = z.object({ count: z.int(), ns: z.int() }).meta({ id: 'OipDuration' });
export const statistics = z
  .object({
    model_stats: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        last_inference: z.int(),
        inference_count: z.int(),
        execution_count: z.int(),
        inference_stats: z.object({
          success: duration,
          fail: duration,
          queue: duration,
          compute_input: duration,
          compute_infer: duration,
          compute_output: duration,
        }),
      }),
    ),
  })
  .meta({ id: 'OipStatistics' });

export const indexRequest = z.object({ ready: z.boolean().optional() }).default({}).meta({ id: 'OipIndexRequest' });
export const repositoryIndex = z
  .array(
    z.object({
      name: z.string(),
      version: z.string(),
      state: z.enum(['READY', 'LOADING', 'UNAVAILABLE']),
      reason: z.string(),
    }),
  )
  .meta({ id: 'OipRepositoryIndex' });

/** Of every refusal below /v2. */
export const refusal = z
  .object({
    error: z.string(),
    code: z.string().meta({ description: 'As the code of a problem' }),
    prediction_id: z.string().optional().meta({ description: 'Where a refused or failed request is recorded' }),
  })
  .meta({ id: 'OipError' });
