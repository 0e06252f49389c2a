import type { Feature, InputColumnSpec, Signature } from '#libs/contracts/index.js';
import type { Column, ColumnData } from './columns.js';
import { expectedOf, type RefusalCode } from './refusal.js';

/** The first value that breaks a rule. It is named by its place, never quoted. */
export interface ColumnRefusal {
  readonly code: Extract<RefusalCode, 'not_finite' | 'null_feature' | 'ill_typed_feature'>;
  /** The graph input that the column is for. */
  readonly input: string;
  readonly feature: string;
  readonly row: number;
  readonly message: string;
}

/**
 * What the row encoder demands of a row, demanded of whole columns: numbers finite unless NaN stands for a missing value
 * of a nullable feature, texts without U+0000, booleans 0 or 1.
 * @throws RangeError when the columns are not those of the model.
 */
export type ColumnRules = (columns: readonly Column[], rows: number) => ColumnRefusal | null;

/** Compiled once per signature. */
export function columnRules({ features }: Signature, inputColumns: readonly InputColumnSpec[]): ColumnRules {
  const rules = inputColumns.map((spec) =>
    columnRule(
      spec,
      features.filter(({ input }) => input === spec.name),
    ),
  );
  return (columns, rows) => {
    requireColumns(inputColumns, columns, rows);
    for (let index = 0; index < rules.length; index++) {
      const refusal = rules[index]!(columns[index]!.data);
      if (refusal !== null) return refusal;
    }
    return null;
  };
}

type ColumnRule = (data: ColumnData) => ColumnRefusal | null;

function columnRule({ name, type, width }: InputColumnSpec, features: readonly Feature[]): ColumnRule {
  const owners = ownersOf(width, features);
  const refused = (code: ColumnRefusal['code'], at: number, found: string): ColumnRefusal => {
    const feature = owners[at % width]!;
    const row = Math.floor(at / width);
    const message = `feature '${feature.name}', row ${row}: expected ${expectedOf(feature)}, got ${found}`;
    return { code, input: name, feature: feature.name, row, message };
  };
  switch (type) {
    case 'float32':
    case 'float64':
      return (data) => {
        const values = data as Float32Array | Float64Array;
        if (allFinite(values)) return null;
        for (let at = 0; at < values.length; at++) {
          const value = values[at]!;
          if (Number.isFinite(value)) continue;
          if (!Number.isNaN(value)) return refused('not_finite', at, 'one that is not finite');
          if (!owners[at % width]!.nullable) return refused('null_feature', at, 'a missing value (NaN)');
        }
        return null;
      };
    case 'string':
      return (data) => {
        const at = (data as readonly string[]).findIndex((text) => text.includes('\0'));
        return at < 0 ? null : refused('ill_typed_feature', at, 'one with the character U+0000');
      };
    case 'bool':
      return (data) => {
        const at = (data as Uint8Array).findIndex((value) => value > 1);
        return at < 0 ? null : refused('ill_typed_feature', at, 'a byte other than 0 and 1');
      };
    case 'int64':
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
      return () => null;
  }
}

/** The feature of each element of a row. */
function ownersOf(width: number, features: readonly Feature[]): readonly Feature[] {
  const owners = new Array<Feature>(width).fill(features[0]!);
  for (const feature of features) if (feature.index !== null) owners[feature.index] = feature;
  return owners;
}

/** A product with 0 is NaN for what is not finite: one addition an element, and no branch. */
function allFinite(values: Float32Array | Float64Array): boolean {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! * 0;
  return sum === 0;
}

function requireColumns(specs: readonly InputColumnSpec[], columns: readonly Column[], rows: number): void {
  if (columns.length !== specs.length) throw new RangeError(`expected ${specs.length} columns, got ${columns.length}`);
  for (const [index, { name, type, width }] of specs.entries()) {
    const column = columns[index]!;
    if (column.type !== type) throw new RangeError(`column '${name}': expected ${type}, got ${column.type}`);
    const { length } = column.data;
    if (length !== rows * width)
      throw new RangeError(`column '${name}': expected ${rows} rows of ${width} values, got ${length} values`);
  }
}
