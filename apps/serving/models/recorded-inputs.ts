import type { Chunk, Column as RecordedColumn, InputColumnSpec } from '#libs/contracts/index.js';
import { InputBatch, type Column, type ColumnData, type LoadedModel } from '#libs/inference/index.js';

/** Input rows of a model, as it takes them. */
export interface InputRows {
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** Where a value stands in a recorded row. */
interface Source {
  readonly column: RecordedColumn;
  /** Elements of the recorded column in one row, and which of them this is. */
  readonly width: number;
  readonly index: number;
}

/**
 * The newest served rows of a chunk as inputs of a model, at most `limit`; its features are found by their names,
 * whatever version answered. Null where a feature was not recorded, has another shape or cannot be of the model's type,
 * or nothing was served.
 */
export function recordedInputs(
  chunk: Chunk,
  { inputColumns }: Pick<LoadedModel, 'inputColumns'>,
  limit: number,
): InputRows | null {
  const rows = Math.min(chunk.served, limit);
  if (rows === 0) return null;
  const known = recordedFeatures(chunk);
  const batch = new InputBatch(inputColumns, rows);
  const first = chunk.served - rows;
  for (const [index, spec] of inputColumns.entries()) {
    const sources = sourcesOf(spec, known);
    if (sources === null || !fill(batch.columns[index]!.data, sources, first, rows)) return null;
  }
  return { columns: batch.view(0, rows), rows };
}

interface RecordedFeature {
  readonly column: RecordedColumn;
  readonly width: number;
  /** Of its first element within a row, and how many it has. */
  readonly from: number;
  readonly elements: number;
  readonly shape: readonly number[];
}

function recordedFeatures({ schema, inputs }: Chunk): ReadonlyMap<string, RecordedFeature> {
  return new Map(
    schema.inputs.flatMap(({ width, features, shape }, index): [string, RecordedFeature][] => {
      const column = inputs[index]!;
      if (shape !== undefined) return [[features[0]!, { column, width, from: 0, elements: width, shape }]];
      return features.map((name, from) => [name, { column, width, from, elements: 1, shape: [] }]);
    }),
  );
}

/** One source for each element of a row of the model's column. */
function sourcesOf(
  { width, features, shape = [] }: InputColumnSpec,
  known: ReadonlyMap<string, RecordedFeature>,
): readonly Source[] | null {
  const sources: Source[] = [];
  for (const name of features) {
    const found = known.get(name);
    if (found?.shape.join() !== shape.join()) return null;
    for (let element = 0; element < found.elements; element++)
      sources.push({ column: found.column, width: found.width, index: found.from + element });
  }
  return sources.length === width ? sources : null;
}

/** @returns whether every value could be of the type. */
function fill(target: ColumnData, sources: readonly Source[], first: number, rows: number): boolean {
  let at = 0;
  for (let row = first; row < first + rows; row++)
    for (const { column, width, index } of sources) {
      if (!put(target, at, column[row * width + index])) return false;
      at += 1;
    }
  return true;
}

function put(target: ColumnData, at: number, value: RecordedColumn[number] | undefined): boolean {
  if (Array.isArray(target)) {
    if (typeof value !== 'string') return false;
    target[at] = value;
    return true;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') return false;
  if (target instanceof BigInt64Array) {
    if (!Number.isInteger(Number(value))) return false;
    target[at] = BigInt(value);
    return true;
  }
  target[at] = Number(value);
  return true;
}
