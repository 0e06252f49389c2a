import type { ChunkRows, ChunkSchema, DriftBaseline, Signature } from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import type { Random } from '#libs/learning/index.js';

/** A classifier of 30 float32 features that is watched, without a model: rows are drawn, as its answers are. */
export const features = Array.from({ length: 30 }, (_, index) => `feature_${index}`);
const classes = ['no', 'yes'];
export const version = { model: 'bench', version: '1.0.0' } as const;
export const modelArtifact = `sha256:${'0'.repeat(64)}`;
export const epoch = 'bench';

export const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, features.length] }],
  outputs: [
    { name: 'label', type: 'string', shape: [null], role: 'label' },
    { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: features.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'x', index })),
  classes,
};

/** @param routingSeq in EVENTS: where the version went live */
export const schemaOf = (deployment: string, routingSeq: number): ChunkSchema => ({
  ...{ deployment, routing_seq: routingSeq, epoch, instance: 'bench', classes },
  arms: [{ role: 'live', ...version, rollout_id: 'bench', artifact: modelArtifact }],
  inputs: [{ name: 'x', type: 'float32', width: features.length, features }],
  outputs: [
    { name: 'label', type: 'string', width: 1, role: 'label' },
    { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
  ],
});

export interface DrawnRows {
  readonly rows: number;
  /** Row by row. */
  readonly values: Float32Array;
  /** Of `yes`, which is the answer from 0.5 on. */
  readonly probability: Float32Array;
  /** As likely as the probability says: it is calibrated. */
  readonly isYes: Uint8Array;
}

export function drawRows(random: Random, rows: number): DrawnRows {
  const values = Float32Array.from({ length: rows * features.length }, () => random.normal());
  const probability = Float32Array.from({ length: rows }, () => random.float());
  return { rows, values, probability, isYes: Uint8Array.from(probability, (each) => Number(random.float() < each)) };
}

/** The rows from one on; nothing is copied. */
export const rowsFrom = ({ values, probability, isYes }: DrawnRows, from: number, rows: number): DrawnRows => ({
  rows,
  values: values.subarray(from * features.length, (from + rows) * features.length),
  probability: probability.subarray(from, from + rows),
  isYes: isYes.subarray(from, from + rows),
});

export const labelOf = (probability: number): string => (probability >= 0.5 ? 'yes' : 'no');

/** What rows are compared with. */
export function baselineOf({ rows, values, probability, isYes }: DrawnRows): DriftBaseline {
  const columns = features.map((name, column) => ({
    ...{ name, type: 'numeric' as const },
    values: Float64Array.from({ length: rows }, (_, row) => values[row * features.length + column]!),
  }));
  return buildBaseline(
    { rows, columns },
    {
      ...{ rows: Int32Array.from({ length: rows }, (_, row) => row), features, seed: 1 },
      outputs: {
        label: Array.from(probability, labelOf),
        'probabilities.no': Array.from(probability, (each) => 1 - each),
        'probabilities.yes': Array.from(probability),
      },
      target: Array.from(isYes, (yes) => (yes === 1 ? 'yes' : 'no')),
    },
  );
}

/** As a serving process records them. @param beganAt milliseconds since the epoch */
export const chunkOf = (
  { rows, values, probability }: DrawnRows,
  { counter, beganAt, random }: { readonly counter: number; readonly beganAt: number; readonly random: Random },
): ChunkRows => ({
  ...{ counter, givenUp: [], beganAt, served: rows, failed: 0, refused: 0 },
  arm: new Uint8Array(rows),
  latencyUs: Uint32Array.from(probability, () => 500 + random.below(2000)),
  beganOffsetUs: new Uint32Array(rows),
  ...{ codes: [], details: [] },
  inputs: [values],
  outputs: [
    Array.from(probability, labelOf),
    Float32Array.from({ length: 2 * rows }, (_, at) => pairAt(probability, at)),
  ],
});

const pairAt = (probability: Float32Array, at: number): number =>
  at % 2 === 0 ? 1 - probability[at >> 1]! : probability[at >> 1]!;
