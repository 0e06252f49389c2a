import { z } from 'zod';
import { modelVersion } from '../names.js';
import { tensorType } from '../signature.js';
import { aligned, ChunkMalformed, magic } from './chunk-layout.js';

const columnSpec = z.object({ name: z.string(), type: tensorType, width: z.int().positive() });
/** `width` values per row, row after row. */
export type ColumnSpec = z.infer<typeof columnSpec>;

/**
 * One column per graph input, as the model received it. `features` names its elements in order; or names the one feature
 * that is the whole row, of shape `shape`.
 */
const inputSpec = columnSpec.extend({
  features: z.array(z.string()).min(1),
  shape: z.array(z.int().positive()).optional(),
});
export type InputColumnSpec = z.infer<typeof inputSpec>;

const arm = z.object({
  role: z.string(),
  model: z.string(),
  version: modelVersion,
  rollout_id: z.string(),
  artifact: z.string(),
});
/** A version that takes part in a deployment's traffic. */
export type Arm = z.infer<typeof arm>;

const outputSpec = columnSpec.extend({ role: z.enum(['label', 'probabilities', 'value']) });
export type OutputColumnSpec = z.infer<typeof outputSpec>;

const chunkSchema = z.object({
  deployment: z.string(),
  /** EVENTS sequence of the routing table that sent these rows where they went. */
  routing_seq: z.int().nonnegative(),
  /** Names the writer's life: one per start of a serving process. */
  epoch: z.string(),
  instance: z.string(),
  arms: z.array(arm).min(1),
  inputs: z.array(inputSpec),
  outputs: z.array(outputSpec),
  classes: z.union([z.array(z.int()), z.array(z.string())]).optional(),
});
/** What all chunks of a writer, a deployment and a routing table share. */
export type ChunkSchema = z.infer<typeof chunkSchema>;

/** The bytes every chunk with this schema begins with: made once per routing table. */
export function encodeChunkSchema(schema: ChunkSchema): Uint8Array {
  const json = Buffer.from(JSON.stringify(schema), 'utf8');
  const bytes = Buffer.alloc(8 + aligned(json.length), ' ');
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  json.copy(bytes, 8);
  return bytes;
}

/** Chunks of one writer and routing table share their schema to the byte: parsing and validating it once is enough. */
const schemas = new Map<string, ChunkSchema>();
const maxKnownSchemas = 64;

/** The schema behind the JSON text that a chunk begins with; shared by chunks. @throws ChunkMalformed for anything else */
export function decodeChunkSchema(json: string): ChunkSchema {
  let schema = schemas.get(json);
  if (schema === undefined) {
    schema = parseSchema(json);
    if (schemas.size >= maxKnownSchemas) schemas.clear();
    schemas.set(json, schema);
  }
  return schema;
}

function parseSchema(json: string): ChunkSchema {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ChunkMalformed('has a schema that is not JSON');
  }
  const parsed = chunkSchema.safeParse(value);
  if (!parsed.success)
    throw new ChunkMalformed(
      `has an unknown schema: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`,
    );
  return parsed.data;
}
