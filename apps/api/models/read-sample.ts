import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { rejection, type api, type Feature, type Signature } from '#libs/contracts/index.js';
import { rowsOf, type Row } from '#libs/datasets/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { limits } from '../catalogue/limits.js';

/** What an optimisation measures on; read in the event loop, so no more than takes a quarter of a second. */
const [mostRows, mostCells] = [10_000, 250_000];

type Sample = NonNullable<z.infer<typeof api.optimise>['sample']>;

/**
 * The rows of an artifact as a predict request's `input` has them. Columns that are no features are left out: a data set
 * mostly has its target beside them. An empty cell of CSV is a missing value.
 * @throws ProblemException below the path `sample` for what cannot be read as rows of the model's features.
 */
export async function readSample(
  artifacts: ArtifactStore,
  { artifact, format }: Sample,
  { features }: Signature,
): Promise<Row[]> {
  const { bytes: maxBytes, cells } = limits.dataset;
  const bytes = await orArtifactProblem('sample.artifact', () => artifacts.read(artifact, { maxBytes }));
  const read = rowsOf(bytes, format, { rows: mostRows, cells: Math.min(cells, mostCells) });
  if (!read.ok) throw unreadable(read.rejection.detail);
  const columns = new Set(read.value.columns);
  const missing = features.find(({ name, nullable }) => !nullable && !columns.has(name));
  if (missing !== undefined) throw unreadable(`expected a column ${missing.name}`);
  const given = features.filter(({ name }) => columns.has(name));
  const valueOf = format === 'csv' ? fromText : fromJson;
  return read.value.rows.map((row, index) =>
    Object.fromEntries(given.map((feature) => [feature.name, valueOf(row[feature.name], feature, index + 1)])),
  );
}

/** What a cell of text says, by the feature's type. */
function fromText(cell: unknown, { name, type, shape }: Feature, row: number): unknown {
  if (shape !== undefined) throw unreadable(`a cell of CSV cannot hold ${name}, which is an array`);
  if (typeof cell !== 'string' || type === 'string') return cell;
  if (type === 'bool') {
    const known = booleans.get(cell.toLowerCase());
    if (known === undefined) throw unreadable(`row ${row}, ${name}: expected true or false, found ${quoted(cell)}`);
    return known;
  }
  const number = Number(cell);
  if (cell.trim() === '' || !Number.isFinite(number))
    throw unreadable(`row ${row}, ${name}: expected a finite number, found ${quoted(cell)}`);
  return number;
}

/** JSON can write a number beyond float64, and would send it on to the trial as null: a missing value. */
function fromJson(value: unknown, { name }: Feature, row: number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw unreadable(`row ${row}, ${name}: expected a number within the range of float64`);
  return value;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

const quoted = (cell: string): string => JSON.stringify(cell.slice(0, 40));

const unreadable = (message: string): ProblemException =>
  new ProblemException(rejection('invalid_request', `sample: ${message}`, [{ path: 'sample', message }]));
