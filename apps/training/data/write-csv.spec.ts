import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Table } from '#libs/contracts/index.js';
import { fileSource, loadTable, scanDataset } from '#libs/datasets/index.js';
import { writeCsv } from './write-csv.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'modelog-csv-'))));
afterEach(() => rm(folder, { recursive: true }));

describe('writeCsv', () => {
  it('writes what the reader reads back', async () => {
    const table: Table = {
      rows: 3,
      columns: [
        {
          name: 'a "name", quoted',
          type: 'category',
          codes: Int32Array.of(0, -1, 1),
          dictionary: ['x,y', 'line\nbreak'],
        },
        { name: 'number', type: 'numeric', values: Float64Array.of(0.1, Number.NaN, -1e-300) },
        { name: 'at', type: 'timestamp', values: Float64Array.of(0, 1.5e12, Number.NaN) },
        { name: 'flag', type: 'boolean', values: Float64Array.of(1, 0, 1) },
      ],
    };
    const file = join(folder, 'table.csv');
    const names = table.columns.map(({ name }) => name);
    await writeCsv(file, table, names, Int32Array.of(0, 1, 2));
    const source = await fileSource(file);
    const scanned = await scanDataset(source, 'csv');
    if (!scanned.ok) throw new Error(scanned.rejection.detail);
    expect(scanned.value.schema.columns.map(({ type }) => type)).toEqual([
      'category',
      'numeric',
      'timestamp',
      'boolean',
    ]);
    const loaded = await loadTable(source, 'csv', scanned.value.schema);
    expect(loaded).toEqual({ ok: true, value: table });
  });
});
