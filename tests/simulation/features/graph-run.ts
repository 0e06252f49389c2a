import { expect } from '@jest/globals';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FeaturePipeline, Table } from '#libs/contracts/index.js';
import { featureGraph, fitFeatures, rawInputs, transformFeatures } from '#libs/datasets/index.js';
import type { FittedFeatures, RawInput } from '#libs/datasets/index.js';
import { modelBytes, node, valueInfo } from '#libs/onnx/index.js';

/** A pipeline is fitted to one table; then graph and transformation agree on both, whatever rows are run together. */
export async function expectSameBits(
  pipeline: FeaturePipeline,
  table: Table,
  other: Table,
  classes: number,
): Promise<void> {
  const target = Float64Array.from({ length: table.rows }, (_, row) => row % (classes || 3));
  const fitting = fitFeatures(table, null, pipeline, { target, classes, seed: 7 });
  if (!fitting.ok) throw new Error(fitting.rejection.detail);
  const fitted = JSON.parse(JSON.stringify(fitting.value)) as FittedFeatures;
  const some = Int32Array.from([other.rows - 1, 0]);
  await withGraph(fitted, async (run) => {
    for (const rows of [table, other]) await expectEqual(run, fitted, rows, null);
    await expectEqual(run, fitted, other, some);
    await expectEqual(run, fitted, other, some.subarray(0, 1));
  });
}

/** Runs the graph; gives its features row after row. */
type Run = (inputs: readonly RawInput[], rows: number) => Promise<Float32Array>;

export async function withGraph(fitted: FittedFeatures, use: (run: Run) => Promise<void>): Promise<void> {
  const graph = featureGraph(fitted);
  const session = await InferenceSession.create(
    modelBytes({
      ...graph,
      nodes: [...graph.nodes, node('Identity', [graph.output], ['features'])],
      outputs: [valueInfo('features', 'float32', [null, graph.width])],
    }),
    { intraOpNumThreads: 1, logSeverityLevel: 4 },
  );
  try {
    await use(async (inputs, rows) => {
      const feeds = inputs.map(({ name, type, data, width }) => [name, new Tensor(type, data, [rows, width])] as const);
      return (await session.run(Object.fromEntries(feeds)))['features']!.data as Float32Array;
    });
  } finally {
    await session.release();
  }
}

async function expectEqual(run: Run, fitted: FittedFeatures, table: Table, rows: Int32Array | null): Promise<void> {
  const { columns, names, rows: count } = transformFeatures(fitted, table, rows);
  expect(names).toHaveLength(columns.length);
  expect(differences(await run(rawInputs(fitted, table, rows), count), columns)).toEqual([]);
}

/** Where outputs, row by row, are not the very float32 of the columns; −0 is not 0, NaN is NaN. */
export function differences(outputs: Float32Array, columns: readonly Float32Array[]) {
  expect(outputs).toHaveLength(columns.length * columns[0]!.length);
  return [...outputs.entries()]
    .map(([at, given]) => {
      const [row, column] = [Math.floor(at / columns.length), at % columns.length];
      return { row, column, given, expected: columns[column]![row]! };
    })
    .filter(({ given, expected }) => !Object.is(given, expected));
}
