import type { api } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { columnOf, type Column } from './column.js';
import { frequenciesOf } from './frequencies.js';
import { defaultLimits, type Limits } from './limits.js';
import { readTable } from './read-table.js';
import { orRefusal, type DatasetRefusal } from './refusal.js';
import { shown } from './shown.js';
import { summaryOf } from './summary.js';

export interface ProfileOptions {
  readonly limits?: Partial<Limits>;
  /** How many of the most frequent values to tell (default 10). */
  readonly top?: number;
}

/**
 * What the columns of a data set hold, in their order, by name. The same bytes always give the same profile.
 * @param format one of `dataFormats`; another is refused.
 */
export function profileOf(
  bytes: Uint8Array,
  format: string,
  { limits, top = 10 }: ProfileOptions = {},
): Result<Map<string, api.FeatureProfile>, DatasetRefusal> {
  return orRefusal(() => {
    const table = readTable(bytes, format, { ...defaultLimits, ...limits });
    const profiles = new Map<string, api.FeatureProfile>();
    for (const name of table.columnNames()) {
      const column = columnOf(name, table.column(name) as Iterable<unknown>, format === 'csv');
      profiles.set(name, columnProfile(column, top));
    }
    return accept(profiles);
  });
}

function columnProfile(column: Column, most: number): api.FeatureProfile {
  const { distinct, top } = frequenciesOf(column.values, most);
  return {
    rows: column.rows,
    missing: column.missing,
    distinct,
    numeric: column.kind === 'numbers' ? summaryOf(column.values) : null,
    top: top.map(({ value, count }) => ({ value: shown(value), count })),
  };
}
