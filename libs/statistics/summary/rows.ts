import { BinLookup } from './bin-lookup.js';
import { shownCategory, type CategoryLookup } from './category-lookup.js';
import type { ColumnLookup } from './column-lookup.js';
import { numberOf, type SampleValue } from './reference.js';
import type { Reservoir } from './reservoir.js';

/** Rows of one column, in an order that all columns share: what multivariate methods read. */
export type SampledRows =
  /** NaN where there is no finite value. */
  | { readonly kind: 'numeric'; readonly values: Float64Array }
  /** Bins of the reference, the last of them for other categories; −1 where missing. */
  | { readonly kind: 'categorical'; readonly codes: Int32Array };

/** By column, the rows that a reservoir has kept of a window. @throws RangeError for a reservoir of other columns. */
export function windowRows(lookups: readonly ColumnLookup[], reservoir: Reservoir): Record<string, SampledRows> {
  if (reservoir.columns !== lookups.length)
    throw new RangeError(`reservoir: expected ${lookups.length} columns, got ${reservoir.columns}`);
  return Object.fromEntries(
    lookups.map(({ reference: { name }, bins }, index) => {
      const kept = reservoir.column(index);
      return [name, bins instanceof BinLookup ? numeric(kept) : categorical(kept)];
    }),
  );
}

/** By column, the rows of a baseline's sample as windows have theirs. @throws RangeError for a column it lacks. */
export function baselineRows(
  lookups: readonly ColumnLookup[],
  sample: Readonly<Record<string, readonly SampleValue[]>>,
): Record<string, SampledRows> {
  return Object.fromEntries(
    lookups.map(({ reference: { name }, bins }) => {
      if (!Object.hasOwn(sample, name)) throw new RangeError(`sample: expected a column '${name}'`);
      const values = sample[name]!;
      return [
        name,
        bins instanceof BinLookup
          ? numeric(Float64Array.from(values, (value) => (value === null ? Number.NaN : numberOf(value))))
          : categorical(Float64Array.from(values, (value) => binOf(bins, value))),
      ];
    }),
  );
}

const numeric = (values: Float64Array): SampledRows => ({
  kind: 'numeric',
  values: values.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
});

const categorical = (bins: Float64Array): SampledRows => ({
  kind: 'categorical',
  codes: Int32Array.from(bins, (bin) => (Number.isNaN(bin) ? -1 : bin)),
});

function binOf(bins: CategoryLookup, value: SampleValue): number {
  return value === null || value === '' ? Number.NaN : bins.binOfText(shownCategory(String(value)));
}
