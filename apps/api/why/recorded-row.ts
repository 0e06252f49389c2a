import {
  epochCheck,
  type Arm,
  type Chunk,
  type Column,
  type InputColumnSpec,
  type OutputInfo,
  type Signature,
  type TensorType,
  type api,
} from '#libs/contracts/index.js';
import { outputReader, type ColumnData } from '#libs/inference/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { PredictionPlace } from './prediction-place.js';
import { shortestFloat32 } from './shortest-float32.js';

/** One row of a chunk, as it came in and went out. */
export interface RecordedRow {
  readonly outcome: api.Why['outcome'];
  readonly arm: Arm;
  /** Wall-clock milliseconds at which its request began. */
  readonly beganAt: number;
  readonly latencyMs: number;
  readonly request: api.Why['request'];
  readonly output: api.PredictionOutput | null;
  readonly failure: api.Why['failure'];
}

/** Whether the chunk found at a place is the one that the id was made for, and has the row. */
export function isAt(place: PredictionPlace, chunk: Chunk): boolean {
  if (place.row >= chunk.served + chunk.failed + chunk.refused) return false;
  switch (place.by) {
    case 'sequence':
      return epochCheck(chunk.schema.epoch) === place.check;
    case 'identity':
      return chunk.schema.epoch === place.epoch && chunk.counter === place.counter;
    default:
      return assertNever(place, 'prediction place');
  }
}

/**
 * @param signature of the version that answered; it tells the shape of the outputs. Without it they are flat.
 * @throws RangeError for a row that the chunk does not have
 */
export function recordedRow(chunk: Chunk, row: number, signature: Signature | undefined): RecordedRow {
  const arm = chunk.schema.arms[chunk.arm[row] ?? -1];
  if (arm === undefined) throw new RangeError(`row ${row} of chunk ${chunk.counter} names no arm`);
  const outcome = outcomeOf(chunk, row);
  return {
    outcome,
    arm,
    beganAt: chunk.beganAt + chunk.beganOffsetUs[row]! / 1000,
    latencyMs: chunk.latencyUs[row]! / 1000,
    request: {
      input: outcome === 'refused' ? null : inputOf(chunk, row),
      request_id: chunk.requestIds?.[row] ?? null,
      routing_key: chunk.routingKeys?.[row] ?? null,
      subject_id: chunk.subjectIds?.[row] ?? null,
    },
    output: outcome === 'served' ? outputsOf(chunk, signature)(row) : null,
    failure: outcome === 'served' ? null : failureOf(chunk, row - chunk.served),
  };
}

export const outcomeOf = ({ served, failed }: Chunk, row: number): api.Why['outcome'] =>
  row < served ? 'served' : row < served + failed ? 'failed' : 'refused';

/**
 * Outputs of served rows, by the same reader that wrote the answers, on the same bits.
 * @param signature of the version that answered; it tells the shape of the outputs. Without it they are flat.
 */
export function outputsOf(
  { schema, outputs }: Chunk,
  signature: Signature | undefined,
): (row: number) => api.PredictionOutput {
  const shapes = new Map(signature?.outputs.map(({ name, shape }) => [name, shape]));
  const infos = schema.outputs.map(({ name, type, width, role }): OutputInfo => ({
    name,
    type,
    role,
    shape: shapes.get(name) ?? [null, width],
  }));
  const columns = schema.outputs.map(({ name, type, width }, index) => ({
    ...{ name, type, width },
    data: outputs[index] as ColumnData,
  }));
  const reader = outputReader({
    ...{ inputs: [], features: [], outputs: infos },
    ...(schema.classes === undefined ? {} : { classes: schema.classes }),
  });
  return (row) => reader.outputOf(columns, row);
}

/** Features by name, as the model received them. */
function inputOf({ schema, inputs }: Chunk, row: number): Record<string, unknown> {
  // A feature may be called `__proto__`: entries make a property of it where an assignment would not.
  return Object.fromEntries(schema.inputs.flatMap((spec, index) => featuresOf(spec, inputs[index]!, row)));
}

function featuresOf(spec: InputColumnSpec, column: Column, row: number): [string, unknown][] {
  const { type, width, features, shape } = spec;
  const elements = Array.from({ length: width }, (_, index) => shown(type, column[row * width + index]));
  if (shape === undefined) return features.map((name, index) => [name, elements[index]]);
  return [[features[0]!, nested(elements, shape)]];
}

/** A missing value (NaN) is null, as the caller wrote it; an integer that JSON cannot hold exactly is its digits. */
function shown(type: TensorType, element: Column[number] | undefined): unknown {
  switch (typeof element) {
    case 'bigint':
      return BigInt(Number(element)) === element && Number.isSafeInteger(Number(element))
        ? Number(element)
        : element.toString();
    case 'number':
      if (type === 'bool') return element !== 0;
      if (!Number.isFinite(element)) return null;
      return type === 'float32' ? shortestFloat32(element) : element;
    default:
      return element;
  }
}

function nested(elements: readonly unknown[], shape: readonly number[]): unknown {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) return elements;
  const size = elements.length / length;
  return Array.from({ length }, (_, index) => nested(elements.slice(index * size, (index + 1) * size), inner));
}

function failureOf({ codes, details }: Chunk, index: number): { code: string; detail: unknown } {
  const text = details[index] ?? '';
  return { code: codes[index] ?? '', detail: parsed(text) };
}

/** Details are JSON; older text that is not is shown as it is. */
function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
