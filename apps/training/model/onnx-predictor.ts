import type { Feature, Signature, Table, TableColumn } from '#libs/contracts/index.js';
import { InputBatch, loadModel, type BatchColumn, type Column, type LoadedModel } from '#libs/inference/index.js';
import { accept, isoTime, reject, type Result } from '#libs/kernel/index.js';
import type { Classes } from '../data/labelled.js';
import type { JobFailure } from '../job/failure.js';

/** A graph on rows of a table, as serving would run it. */
export interface OnnxPredictor {
  readonly signature: Signature;
  /**
   * Values [rows], or probabilities [rows × classes] in the order of `classes`.
   * @param instead a column that takes its values from other rows, one for each of `rows`
   */
  predict(rows: Int32Array, instead?: { readonly column: string; readonly rows: Int32Array }): Promise<Float64Array>;
  dispose(): Promise<void>;
}

export interface PredictorOptions {
  readonly bytes: Uint8Array;
  readonly signature: Signature;
  readonly table: Table;
  readonly classes: Classes;
  /** Ends a prediction between two runs. */
  readonly signal: AbortSignal;
}

/** Rows of one run: the event loop goes on between two. */
const rowsAtOnce = 1024;

/** Refuses a graph that cannot run, or whose features or classes are not those of the table. */
export async function openPredictor(options: PredictorOptions): Promise<Result<OnnxPredictor, JobFailure>> {
  const { bytes, signature, table, classes, signal } = options;
  const writers: Writer[] = [];
  for (const feature of signature.features) {
    const writer = writerOf(feature, table);
    if (!writer.ok) return writer;
    writers.push(writer.value);
  }
  const loaded = await loadModel(bytes, signature);
  if (!loaded.ok) return reject({ code: `model_${loaded.rejection.code}`, message: loaded.rejection.message });
  const read = readerOf(loaded.value.signature, classes);
  if (!read.ok) {
    await loaded.value.dispose();
    return read;
  }
  return accept(new SessionPredictor(loaded.value, writers, read.value, signal));
}

class SessionPredictor implements OnnxPredictor {
  readonly signature: Signature;

  constructor(
    private readonly model: LoadedModel,
    private readonly writers: readonly Writer[],
    private readonly read: Reader,
    private readonly signal: AbortSignal,
  ) {
    this.signature = model.signature;
  }

  async predict(
    rows: Int32Array,
    instead?: { readonly column: string; readonly rows: Int32Array },
  ): Promise<Float64Array> {
    const predicted = new Float64Array(rows.length * this.read.width);
    const batch = new InputBatch(this.model.inputColumns, rowsAtOnce);
    const writers = this.writers.map(({ column, into }) => ({
      source: instead?.column === column ? instead.rows : rows,
      write: into(batch.columns),
    }));
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      this.signal.throwIfAborted();
      const count = Math.min(rowsAtOnce, rows.length - from);
      for (const { source, write } of writers) for (let row = 0; row < count; row++) write(row, source[from + row]!);
      const outputs = await this.model.run(batch.view(0, count), count);
      this.read.into(outputs, count, predicted, from * this.read.width);
      await new Promise(setImmediate);
    }
    return predicted;
  }

  dispose(): Promise<void> {
    return this.model.dispose();
  }
}

interface Writer {
  /** Of the table. */
  readonly column: string;
  /** Into these columns: row `to` of the batch gets row `from` of the table. */
  readonly into: (columns: readonly BatchColumn[]) => (to: number, from: number) => void;
}

function writerOf(feature: Feature, table: Table): Result<Writer, JobFailure> {
  const column = table.columns.find(({ name }) => name === feature.name);
  const misfit = (message: string) =>
    reject({ code: 'feature_mismatch', message: `feature '${feature.name}': ${message}` });
  if (column === undefined) return misfit('the data set has no such column');
  if (feature.index === null) return misfit('arrays are not columns of a data set');
  const valueAt = valuesFor(feature, column);
  if (valueAt === null) return misfit(`the model takes ${feature.type}, the column holds ${column.type}`);
  if (takesWhole.has(feature.type)) {
    const row = 'values' in column ? column.values.findIndex((value) => !Number.isInteger(value)) : -1;
    if (row >= 0) return misfit(`the model takes ${feature.type}, row ${row + 1} holds ${cellOf(column, row)}`);
  }
  const { input, index } = feature;
  return accept({
    column: column.name,
    into(columns) {
      const { data, width } = columns.find(({ name }) => name === input)!;
      return (to, from) => {
        (data as unknown[])[to * width + index] = valueAt(from);
      };
    },
  });
}

/** Tensors in which nothing can be missing, nor lie between two numbers; serving refuses such values as well. */
const takesWhole = new Set<Feature['type']>(['int64', 'int32', 'int16', 'int8', 'uint8', 'bool']);

const cellOf = (column: TableColumn, row: number): string =>
  'values' in column && !Number.isNaN(column.values[row]!) ? String(column.values[row]!) : 'none';

/** A cell as the tensor holds it; null where the column has nothing of the kind. */
function valuesFor({ type }: Feature, column: TableColumn): ((row: number) => unknown) | null {
  if ('codes' in column) {
    const { codes, dictionary } = column;
    return type === 'string' ? (row) => dictionary[codes[row]!] ?? '' : null;
  }
  const { values } = column;
  switch (type) {
    case 'float32':
    case 'float64':
      return (row) => values[row]!;
    case 'int64':
      return (row) => BigInt(values[row]!);
    case 'string':
      return (row) => textOf(column.type, values[row]!);
    default:
      return (row) => values[row]!;
  }
}

function textOf(type: TableColumn['type'], value: number): string {
  if (Number.isNaN(value)) return '';
  if (type === 'timestamp') return isoTime(value);
  return type === 'boolean' ? String(value !== 0) : String(value);
}

interface Reader {
  /** Numbers of a row. */
  readonly width: number;
  into(outputs: readonly Column[], rows: number, target: Float64Array, at: number): void;
}

function readerOf(signature: Signature, classes: Classes): Result<Reader, JobFailure> {
  const index = (role: string): number => signature.outputs.findIndex((output) => output.role === role);
  if (classes === null) {
    const value = index('value');
    if (value < 0) return reject({ code: 'output_mismatch', message: 'the model gives no value' });
    return accept({
      width: 1,
      into: (outputs, rows, target, at) => {
        copy(outputs[value]!, rows, target, at);
      },
    });
  }
  const probabilities = index('probabilities');
  const label = index('label');
  if (probabilities >= 0 && signature.classes !== undefined) {
    const order = classes.map((name) => signature.classes!.findIndex((known) => String(known) === String(name)));
    if (order.includes(-1)) return reject(otherClasses(signature, classes));
    return accept({
      width: classes.length,
      into(outputs, rows, target, at) {
        const { data, width } = outputs[probabilities]!;
        for (let row = 0; row < rows; row++)
          for (const [position, from] of order.entries())
            target[at + row * order.length + position] = Number(data[row * width + from]);
      },
    });
  }
  if (label < 0) return reject({ code: 'output_mismatch', message: 'the model gives no label and no probabilities' });
  const positions = new Map(classes.map((name, position) => [String(name), position]));
  return accept({
    width: classes.length,
    into(outputs, rows, target, at) {
      const { data } = outputs[label]!;
      for (let row = 0; row < rows; row++) {
        const position = positions.get(String(data[row]));
        if (position !== undefined) target[at + row * classes.length + position] = 1;
      }
    },
  });
}

function copy({ data, width }: Column, rows: number, target: Float64Array, at: number): void {
  for (let row = 0; row < rows; row++) target[at + row] = Number(data[row * width]);
}

const otherClasses = ({ classes = [] }: Signature, wanted: readonly (number | string)[]): JobFailure => ({
  code: 'output_mismatch',
  message: `the model knows the classes ${classes.join(', ')}; the data set has ${wanted.join(', ')}`,
});
