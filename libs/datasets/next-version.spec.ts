import { expect, it } from '@jest/globals';
import type { ColumnSchema, DatasetSchema } from '#libs/contracts/index.js';
import { nextDatasetVersion } from './next-version.js';

const a: ColumnSchema = { name: 'a', type: 'numeric', nullable: false };
const b: ColumnSchema = { name: 'b', type: 'text', nullable: true };
const schema: DatasetSchema = { columns: [a, b] };
const previous = { version: '1.2.0', schema, digest: 'sha256:1' };

it('begins with 1.0.0', () => {
  expect(nextDatasetVersion(null, schema, 'sha256:1')).toBe('1.0.0');
});

it('is none for the same bytes, the next minor for other rows', () => {
  expect(nextDatasetVersion(previous, { columns: [{ ...a }, { ...b }] }, 'sha256:1')).toBeNull();
  expect(nextDatasetVersion(previous, schema, 'sha256:2')).toBe('1.3.0');
  expect(nextDatasetVersion({ ...previous, version: '3.9.0' }, schema, 'sha256:2')).toBe('3.10.0');
});

it('is the next major for another schema', () => {
  for (const columns of [
    ...[[a], [b, a], [a, b, { ...b, name: 'c' }], [{ ...a, name: 'A' }, b]],
    ...[
      [{ ...a, type: 'integer' as const }, b],
      [{ ...a, nullable: true }, b],
    ],
  ]) {
    expect(nextDatasetVersion(previous, { columns }, 'sha256:2')).toBe('2.0.0');
  }
});

it('comes after a semantic version', () => {
  expect(() => nextDatasetVersion({ ...previous, version: 'one' }, schema, 'sha256:2')).toThrow("'one' is no version");
});
