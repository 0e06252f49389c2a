import { assertNever } from '#libs/kernel/index.js';
import { ColumnLookup, type ReferenceSummary } from '#libs/statistics/index.js';
import type { ChunkColumn } from './column-names.js';
import { numberInText } from './numbers-in-text.js';

/** What a column's rows are counted by. */
export type ColumnForm =
  | { readonly kind: 'reference' }
  /** Without a reference: numbers; one of these categories; or texts, by codes in the order of their appearance. */
  | { readonly kind: 'numbers' }
  | { readonly kind: 'categories'; readonly categories: readonly string[] }
  | { readonly kind: 'codes' };

/** A column of a window. */
export interface WatchedColumn {
  readonly name: string;
  readonly form: ColumnForm;
}

/** Columns of a window with the bins that their rows are counted by: made once for all windows that have the same ones. */
export interface ColumnSet {
  readonly columns: readonly WatchedColumn[];
  readonly lookups: readonly ColumnLookup[];
}

/** @param classes of the version, for a label that has no reference. */
export function watchedColumns(
  found: readonly ChunkColumn[],
  references: readonly ReferenceSummary[],
  classes: readonly (string | number)[] | undefined,
): WatchedColumn[] {
  const known = new Set(references.map(({ name }) => name));
  return found.map(({ name, type }): WatchedColumn => {
    if (known.has(name)) return { name, form: { kind: 'reference' } };
    if (name === 'label' && classes !== undefined)
      return { name, form: { kind: 'categories', categories: classes.map(String) } };
    if (type === 'bool') return { name, form: { kind: 'categories', categories: ['false', 'true'] } };
    return { name, form: { kind: type === 'string' || name === 'label' ? 'codes' : 'numbers' } };
  });
}

/** @throws RangeError for a column whose reference is not among them. */
export function columnSet(columns: readonly WatchedColumn[], references: readonly ReferenceSummary[]): ColumnSet {
  const byName = new Map(references.map((reference) => [reference.name, reference]));
  const lookups = columns.map(({ name, form }) => {
    switch (form.kind) {
      case 'reference': {
        const reference = byName.get(name);
        if (reference === undefined) throw new RangeError(`column '${name}': expected a reference`);
        return new ColumnLookup(reference, { numberOf: numberInText });
      }
      case 'numbers':
      case 'codes':
        return new ColumnLookup(withoutReference(name, { kind: 'numeric', edges: new Float64Array(0) }, 1));
      case 'categories': {
        const { categories } = form;
        return new ColumnLookup(withoutReference(name, { kind: 'categorical', categories }, categories.length + 1));
      }
      default:
        return assertNever(form, 'form of a column');
    }
  });
  return { columns, lookups };
}

const withoutReference = (name: string, bins: ReferenceSummary['bins'], size: number): ReferenceSummary => ({
  ...{ name, bins, counts: new Float64Array(size), rows: 0, missing: 0, distinct: 0 },
  ...{ values: new Float64Array(0), sampled: false, mean: null, sd: null, min: null, max: null },
});
