import type { NumberColumn, Table } from '#libs/contracts/index.js';
import type { FittedFeatures, InputKind, RawColumn } from './fitted.js';
import { inputNames } from './graph.js';
import { RowSource } from './transform.js';

/** What an input of the graph is fed with: `width` elements a row, row after row. */
export type RawInput = { readonly name: string; readonly width: number } & (
  | { readonly type: 'float32'; readonly data: Float32Array }
  | { readonly type: 'string'; readonly data: string[] }
  | { readonly type: 'bool'; readonly data: Uint8Array }
);

/**
 * The given rows of a table (null: all) as serving would feed them to the graph: its inputs in their order.
 * @throws TypeError as `transformFeatures`, and for a missing value of a boolean that had none when it was fitted: the
 *   graph takes true and false alone.
 */
export function rawInputs(fitted: FittedFeatures, table: Table, rows: Int32Array | null): RawInput[] {
  const source = new RowSource(table, rows);
  const names = inputNames(fitted.inputs);
  const columnsOf = (kind: InputKind) => fitted.inputs.filter(({ input }) => input === kind);
  const [numbers, texts, flags] = [columnsOf('numbers'), columnsOf('texts'), columnsOf('flags')];
  return [
    ...given(numbers, () => ({ name: names.numbers, type: 'float32', data: numberRows(numbers, source) })),
    ...given(texts, () => ({ name: names.texts, type: 'string', data: textRows(texts, source) })),
    ...given(flags, () => ({ name: names.flags, type: 'bool', data: flagRows(flags, source) })),
  ];
}

type Unsized = RawInput extends infer Input ? (Input extends RawInput ? Omit<Input, 'width'> : never) : never;

const given = (columns: readonly RawColumn[], make: () => Unsized): RawInput[] =>
  columns.length === 0 ? [] : [{ ...make(), width: columns.length }];

function numberRows(columns: readonly RawColumn[], source: RowSource): Float32Array {
  const data = new Float32Array(source.count * columns.length);
  for (const [offset, { name }] of columns.entries()) {
    const values = source.singles(name);
    for (let row = 0; row < values.length; row++) data[row * columns.length + offset] = values[row]!;
  }
  return data;
}

function flagRows(columns: readonly RawColumn[], source: RowSource): Uint8Array {
  const values = numberRows(columns, source);
  const missing = values.findIndex((value) => Number.isNaN(value));
  if (missing >= 0) throw new TypeError(`column '${columns[missing % columns.length]!.name}': a boolean is missing`);
  return Uint8Array.from(values);
}

function textRows(columns: readonly RawColumn[], source: RowSource): string[] {
  const data = new Array<string>(source.count * columns.length);
  for (const [offset, { name }] of columns.entries()) {
    const textOf = textsOf(source, name);
    for (let at = 0; at < source.count; at++) {
      data[at * columns.length + offset] = textOf(source.rows === null ? at : source.rows[at]!);
    }
  }
  return data;
}

function textsOf(source: RowSource, name: string): (row: number) => string {
  const column = source.column(name);
  if ('values' in column) return (row) => timestampText(column, row);
  const { codes, dictionary } = column;
  return (row) => dictionary[codes[row]!] ?? '';
}

const timestampText = ({ values }: NumberColumn, row: number): string =>
  Number.isNaN(values[row]!) ? '' : new Date(values[row]!).toISOString();
