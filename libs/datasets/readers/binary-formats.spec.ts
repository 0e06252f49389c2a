import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataFormat } from '#libs/contracts/index.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { scanDataset } from '../scan/scan-dataset.js';
import { formatOf } from '../sources/format-of.js';
import { fileSource } from '../sources/data-source.js';
import { loadTable } from '../table/load-table.js';
import { accepted, inPieces, refused, valuesOf } from '../testing/text-sources.js';

const folder = join(rootFolder, 'tests/fixtures/data-formats');
const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));
const expected = JSON.parse(bytesOf('plain.json').toString()) as Record<string, (number | string | null)[]>;

const loaded = async (name: string): Promise<Record<string, (number | string | null)[]>> => {
  const [source, format] = [await fileSource(join(folder, name)), formatOf(name)!];
  const { schema } = accepted(await scanDataset(source, format));
  return valuesOf(accepted(await loadTable(source, format, schema)));
};

describe('the same data come from', () => {
  it.each([
    ...['snappy', 'gzip', 'zstd', 'lz4', 'none'].map((codec) => `plain-${codec}.parquet`),
    ...[
      'pages.parquet',
      'plain.arrow',
      'plain-lz4.arrow',
      'plain-zstd.arrow',
      'plain.arrows',
      'views.arrow',
      'large.arrow',
    ],
  ])('%s', async (name) => {
    expect(await loaded(name)).toEqual(expected);
  });
});

it('columns have the types that the format says', async () => {
  for (const name of ['plain-snappy.parquet', 'plain.arrow']) {
    const { schema, rows } = accepted(await scanDataset(await fileSource(join(folder, name)), formatOf(name)!));
    expect(rows).toBe(300);
    expect(schema.columns.map(({ name: column, type, nullable }) => `${column} ${type} ${nullable}`)).toEqual([
      ...['float64 numeric true', 'float32 numeric false', 'int8 integer false', 'uint16 integer true'],
      ...['int64 integer false', 'flag boolean true', 'text category true', 'day timestamp false'],
      ...['instant timestamp true', 'nothing text true', 'city category true'],
    ]);
  }
});

it('reads instants of nanoseconds to the millisecond, before 1970 too', async () => {
  const expectedInstants = Array.from({ length: 100 }, (_, row) => 1_600_000_000_000 + row * 987_654);
  expect(await loaded('nanoseconds.arrow')).toEqual({ at: [...expectedInstants, -1] });
});

it('reads decimals', async () => {
  expect(await loaded('decimals.parquet')).toEqual({ price: [1.25, null, -3.5] });
});

it('reads LZ4 frames of several blocks', async () => {
  const { text } = await loaded('blocks-lz4.arrow');
  const row = (number: number): string =>
    Array.from({ length: 120 }, (_, place) => String.fromCharCode(97 + ((number * place) % 26)))
      .join('')
      .repeat(4);
  expect(text).toEqual(Array.from({ length: 500 }, (_, number) => row(number)));
});

it('reads files whose bytes lie in memory, in pieces of any length', async () => {
  for (const [name, format] of [
    ['plain.arrows', 'arrow'],
    ['plain-zstd.parquet', 'parquet'],
  ] as const) {
    const whole = accepted(await scanDataset(inPieces(bytesOf(name)), format));
    expect(accepted(await scanDataset(inPieces(bytesOf(name), [1, 100, 3]), format))).toEqual(whole);
    expect(whole.bytes).toBe(bytesOf(name).length);
  }
});

describe('what cannot be read', () => {
  const refusal = async (data: Uint8Array, format: DataFormat): Promise<string> =>
    refused(await scanDataset(inPieces(data), format));

  it('is nested', async () => {
    expect(await refusal(bytesOf('nested.parquet'), 'parquet')).toBe(
      "unsupported column 'list': nested values, expected plain ones",
    );
    expect(await refusal(bytesOf('nested.arrow'), 'arrow')).toBe(
      "unsupported column 'list': expected numbers, text, dates, instants, true or false",
    );
  });

  it('is another format, or ends early', async () => {
    for (const format of ['parquet', 'arrow'] as const) {
      expect(await refusal(Buffer.from('a,b\n1,2\n3,4\n'), format)).toMatch(/^malformed this is not (?:Parquet|Arrow)/);
      expect(await refusal(Buffer.alloc(0), format)).toMatch(/^malformed /);
      const half = bytesOf(format === 'arrow' ? 'plain.arrow' : 'plain-none.parquet').subarray(0, 5000);
      expect(await refusal(half, format)).toMatch(/^malformed this is not (?:Parquet|Arrow)/);
    }
  });
});

it('ends with a refusal or a table whatever bytes of an Arrow file are changed', async () => {
  const bytes = bytesOf('plain-lz4.arrow');
  const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      const damaged = Buffer.from(bytes);
      for (const [at, byte] of changed) damaged[at] = byte;
      const result = await scanDataset(inPieces(damaged), 'arrow');
      return result.ok || ['malformed', 'unsupported', 'too_large'].includes(result.rejection.reason);
    }),
    { numRuns: 100 },
  );
});
