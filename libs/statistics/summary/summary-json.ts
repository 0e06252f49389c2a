import type { ColumnState } from './column-summary.js';
import type { SummaryState } from './window-summary.js';

/** A summary's state as JSON: arrays of numbers, and registers in base64. */
export interface SummaryJson {
  readonly version: SummaryState['version'];
  readonly columns: readonly ColumnJson[];
}

type ColumnJson = Omit<ColumnState, 'counts' | 'distinct'> & {
  readonly counts: readonly number[];
  readonly distinct: { readonly keys: readonly number[] } | { readonly registers: string };
};

export const summaryJson = ({ version, columns }: SummaryState): SummaryJson => ({
  version,
  columns: columns.map(({ counts, distinct: { keys, registers }, ...column }) => ({
    ...column,
    counts: [...counts],
    distinct:
      registers === null ? { keys: [...(keys ?? [])] } : { registers: Buffer.from(registers).toString('base64') },
  })),
});

/** The state that `summaryJson` told, to the last bit; its version is for `WindowSummary.restore` to check. */
export const summaryState = ({ version, columns }: SummaryJson): SummaryState => ({
  version,
  columns: columns.map(({ counts, distinct, ...column }) => ({
    ...column,
    counts: Float64Array.from(counts),
    distinct:
      'keys' in distinct
        ? { keys: Float64Array.from(distinct.keys), registers: null }
        : { keys: null, registers: Uint8Array.from(Buffer.from(distinct.registers, 'base64')) },
  })),
});
