import { describe, expect, it } from '@jest/globals';
import type { Table } from '#libs/contracts/index.js';
import { misnamedColumn } from './validate.js';

const table: Table = {
  rows: 1,
  columns: ['day', 'region'].map((name) => ({ name, type: 'numeric', values: Float64Array.of(1) })),
};
const validation = (by: string | null) => ({ test_size: 0.2, cv_folds: 3, split: 'grouped', by }) as const;

describe('a request that names a column which is not there', () => {
  it.each([
    ['validation.by', { validation: validation('regoin'), slices: [] }, 'regoin'],
    ['slices', { validation: validation('region'), slices: ['day', 'shop'] }, 'shop'],
  ])('in %s is refused', (field, spec, name) => {
    expect(misnamedColumn(spec, table)).toEqual({
      code: 'unknown_column',
      message: `${field}: the data set has no column '${name}', expected one of 'day', 'region'`,
    });
  });

  it('only is', () => {
    expect(misnamedColumn({ validation: validation('day'), slices: ['region'] }, table)).toBeNull();
    expect(misnamedColumn({ validation: validation(null), slices: [] }, table)).toBeNull();
  });
});
