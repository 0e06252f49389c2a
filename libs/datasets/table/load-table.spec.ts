import { describe, expect, it } from '@jest/globals';
import type { ColumnType, DataFormat, DatasetSchema } from '#libs/contracts/index.js';
import { accepted, inPieces, refused, valuesOf } from '../testing/text-sources.js';
import { loadTable, type LoadOptions } from './load-table.js';

const schemaOf = (columns: Record<string, ColumnType>): DatasetSchema => ({
  columns: Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true })),
});

const load = (data: string, columns: Record<string, ColumnType>, options?: LoadOptions, format: DataFormat = 'csv') =>
  loadTable(inPieces(data), format, schemaOf(columns), options);

const csv =
  'n,i,b,t,c\n0.1,1,true,2024-01-01,x\n,2.0,FALSE,2024-01-01T00:00:01Z,y\n1e-3,,,,x\n-0,4,true,2024-01-02,null\n';
const types = { n: 'numeric', i: 'integer', b: 'boolean', t: 'timestamp', c: 'category' } as const;
const newYear = Date.UTC(2024, 0, 1);

describe('a table', () => {
  it('has every column by its type', async () => {
    const table = accepted(await load(csv, types));
    expect(table.rows).toBe(4);
    expect(valuesOf(table)).toEqual({
      ...{ n: [0.1, null, 0.001, -0], i: [1, 2, null, 4], b: [1, 0, null, 1] },
      ...{ t: [newYear, newYear + 1000, null, newYear + 86_400_000], c: ['x', 'y', 'x', null] },
    });
    expect(table.columns[4]).toMatchObject({ type: 'category', dictionary: ['x', 'y'] });
  });

  it('has the same from JSON', async () => {
    const rows = [
      { n: 0.1, i: 1, b: true, t: '2024-01-01', c: 'x' },
      { i: 2, b: false, t: '2024-01-01T00:00:01Z', c: 'y' },
      { n: 0.001, c: 'x', extra: 1 },
      { n: -0, i: 4, b: true, t: '2024-01-02', c: '' },
    ];
    const text = rows
      .map((row) => JSON.stringify(row))
      .join('\n')
      .replace('"n":0,', '"n":-0,');
    expect(accepted(await load(text, types, {}, 'jsonl'))).toEqual(accepted(await load(csv, types)));
  });

  it('is in the order of the schema, and has the columns that are asked for', async () => {
    const table = accepted(await load(csv, { c: 'text', n: 'numeric', i: 'integer' }, { columns: ['i', 'c'] }));
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['c text', 'i integer']);
  });

  it('lies on shared memory when it is asked to', async () => {
    for (const shared of [true, false]) {
      const { columns } = accepted(await load(csv, types, { shared }));
      for (const column of columns) {
        const { buffer } = 'codes' in column ? column.codes : column.values;
        expect(buffer instanceof SharedArrayBuffer).toBe(shared);
      }
    }
  });

  it('of many rows is whole', async () => {
    const rows = 150_000;
    const text = `n,c\n${Array.from({ length: rows }, (_, row) => `${row},w${row % 1000}`).join('\n')}`;
    const table = accepted(await load(text, { n: 'integer', c: 'category' }));
    const { n, c } = valuesOf(table);
    expect(n).toEqual(Array.from({ length: rows }, (_, row) => row));
    expect(c!.every((value, row) => value === `w${row % 1000}`)).toBe(true);
  });
});

describe('what does not fit is refused', () => {
  it.each<[ColumnType, string, string]>([
    ['numeric', '1\nx\n', `malformed row 2, column 'x': "x", expected a number`],
    ['numeric', '1\n\ninf\n', "unsupported row 3, column 'x': an infinite number"],
    ['numeric', 'true\n', `malformed row 1, column 'x': "true", expected a number`],
    ['integer', '1\n2.5\n', "malformed row 2, column 'x': 2.5, expected an integer"],
    ['integer', '9007199254740992\n', "malformed row 1, column 'x': 9007199254740992, expected an integer"],
    ['boolean', 'true\n1\n', `malformed row 2, column 'x': "1", expected true or false`],
    [
      'timestamp',
      '2024-02-30\n',
      `malformed row 1, column 'x': "2024-02-30", expected a date or an instant (ISO 8601)`,
    ],
  ])('%s: %j', async (type, rows, expected) => {
    expect(refused(await load(`x\n${rows}`, { x: type }))).toBe(expected);
  });

  it('as are columns that are not there', async () => {
    expect(refused(await load(csv, { n: 'numeric', z: 'text' }))).toBe(
      "malformed column 'z': the data have no such column",
    );
    expect(refused(await load(csv, types, { columns: ['z'] }))).toBe(
      "malformed column 'z': the schema has no such column",
    );
  });

  it('as is a table beyond the memory it may take', async () => {
    const text = `n,c\n${'1,x\n'.repeat(1000)}`;
    const columns = { n: 'numeric', c: 'category' } as const;
    // 8 and 4 bytes a row, and 42 of the dictionary.
    expect(accepted(await load(text, columns, { maxBytes: 12_042 })).rows).toBe(1000);
    expect(refused(await load(text, columns, { maxBytes: 12_041 }))).toBe(
      'too_large the table takes more than 12041 bytes of memory',
    );
  });
});
