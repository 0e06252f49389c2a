import type {
  ColumnType,
  FeaturePipeline,
  FeatureStep,
  NumberColumn,
  Table,
  TableColumn,
} from '#libs/contracts/index.js';
import { nearNames } from '#libs/kernel/index.js';
import { Refused } from '../refusal.js';
import type { InputKind, RawColumn } from './fitted.js';

/** What each step can be made of. */
const accepted: Readonly<Record<FeatureStep['type'], readonly ColumnType[]>> = {
  numeric: ['numeric', 'integer', 'boolean'],
  one_hot: ['category', 'text', 'integer', 'boolean'],
  ordinal: ['category', 'text', 'integer', 'boolean'],
  target: ['category', 'text', 'integer', 'boolean'],
  date_parts: ['timestamp'],
  bins: ['numeric', 'integer'],
  interaction: ['numeric', 'integer', 'boolean'],
};

const kinds: readonly InputKind[] = ['numbers', 'texts', 'flags'];

/**
 * The raw columns that a pipeline uses, as the graph takes them: of each kind in the order of their first use, so that a
 * step that takes them all takes the input as it is.
 * @throws Refused for a column that is not there or not of a type its step takes, or holds what cannot be served.
 */
export function rawColumnsOf(table: Table, pipeline: FeaturePipeline): RawColumn[] {
  const columns = columnsByName(table);
  const used = new Map<string, TableColumn>();
  for (const [position, step] of pipeline.entries()) {
    for (const name of step.columns) {
      const column = columns.get(name);
      const where = `step ${position + 1} (${step.type})`;
      if (column === undefined) throw unknownColumn(name, where, [...columns.keys()]);
      if (!accepted[step.type].includes(column.type)) {
        const expected = accepted[step.type].join(', ');
        throw new Refused('unfit', `column '${name}'`, `is ${column.type}, expected ${expected} in ${where}`);
      }
      used.set(name, column);
    }
  }
  const raw = [...used.values()].map((column) => ({ column, nullable: checked(column) }));
  return kinds.flatMap((input) =>
    raw
      .filter(({ column, nullable }) => inputOf(column, nullable) === input)
      .map(({ column: { name, type }, nullable }, index) => ({ name, type, input, index, nullable })),
  );
}

export const columnsByName = ({ columns }: Table): ReadonlyMap<string, TableColumn> =>
  new Map(columns.map((column) => [column.name, column]));

/** @param where of the name: `step 2 (one_hot)`, `features`. */
export function unknownColumn(name: string, where: string, known: readonly string[]): Refused {
  const near = nearNames(name, known);
  const hint = near.length === 0 ? '' : `; did you mean ${near.map((one) => `'${one}'`).join(' or ')}?`;
  return new Refused('unfit', `column '${name}'`, `is not in the table, in ${where}${hint}`);
}

function inputOf({ type }: TableColumn, nullable: boolean): InputKind {
  if (type === 'boolean') return nullable ? 'numbers' : 'flags';
  return type === 'numeric' || type === 'integer' ? 'numbers' : 'texts';
}

/** Whether a value is missing. @throws Refused for a value that no request could bring. */
function checked(column: TableColumn): boolean {
  if (!('values' in column)) return hasMissingText(column.codes, column.dictionary);
  const [least, most] = column.type === 'timestamp' ? timestampRange : [-largestFloat32, largestFloat32];
  let missing = false;
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row]!;
    if (Number.isNaN(value)) missing = true;
    else if (!(value >= least && value <= most)) throw beyondRange(column, row, value);
  }
  return missing;
}

/** Larger ones round to infinity. */
const largestFloat32 = 3.4028235677973362e38;

/** The years 1 to 9999 of UTC, in milliseconds: what a text of four digits can say. */
const timestampRange = [-62_135_596_800_000, 253_402_300_799_999] as const;

function beyondRange({ name, type }: NumberColumn, row: number, value: number): Refused {
  const expected = type === 'timestamp' ? 'milliseconds of the years 1 to 9999' : 'a number within float32';
  return new Refused('unsupported', `row ${row + 1}, column '${name}'`, `${value}, expected ${expected}`);
}

function hasMissingText(codes: Int32Array, dictionary: readonly string[]): boolean {
  const empty = dictionary.indexOf('');
  return codes.some((code) => code < 0 || code === empty);
}
