import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { datasetProfile, datasetSchema, type ColumnProfile, type ColumnType } from '#libs/contracts/index.js';
import { accepted, inPieces, refused, scanned } from '../testing/text-sources.js';
import { scanDataset } from './scan-dataset.js';

/** Of a CSV file of one column. */
const column = async (...cells: (string | number)[]): Promise<ColumnProfile> =>
  (await scanned(`x,y\n${cells.map((cell) => `${cell},1\n`).join('')}`)).columns[0]!;

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('the type of a column', () => {
  it.each<[ColumnType, (string | number)[]]>([
    ['integer', [1, '-2', '3.0', '', '9007199254740991']],
    ['numeric', [1, 2.5]],
    ['numeric', ['9007199254740992']],
    ['boolean', ['true', 'False', 'TRUE', '', 'null']],
    ['timestamp', ['2024-01-01', '2024-01-01T12:00:00Z', '', 'NaN']],
    ['category', ['a', 'b', 'a']],
    ['category', [1, 'true']],
    ['category', ['true', 1]],
    ['category', ['2024-01-01', 'soon']],
    ['category', [7, 8, 'nine']],
    ['category', ['0x10']],
    ['text', ['', 'nan', ' ']],
    ['category', range(50).map((value) => `v${value}`)],
    ['text', range(51).map((value) => `v${value}`)],
    ['category', range(1200).map((value) => `v${value % 60}`)],
    ['text', range(1199).map((value) => `v${value % 60}`)],
  ])('%s: %j', async (type, cells) => {
    expect((await column(...cells)).type).toBe(type);
  });

  it('of JSON goes by what JSON says', async () => {
    const rows = [
      { a: 1, b: '1', c: true, d: '2024-01-01', e: null, f: 1, g: 'x' },
      { a: 2.5, b: '2', c: null, d: '', e: null, f: 'x', g: 5 },
      { a: null, h: 1 },
    ];
    const { schema, columns } = await scanned(rows.map((row) => JSON.stringify(row)).join('\n'), 'jsonl');
    expect(schema.columns.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
      ...['a numeric true', 'b category true', 'c boolean true', 'd timestamp true', 'e text true'],
      ...['f category true', 'g category true', 'h integer true'],
    ]);
    expect(columns.map(({ count, missing }) => [count, missing])).toEqual([
      ...[
        [3, 1],
        [3, 1],
        [3, 2],
        [3, 2],
        [3, 3],
        [3, 1],
        [3, 1],
        [3, 2],
      ],
    ]);
    expect(columns[5]!.top).toEqual([
      { value: '1', count: 1 },
      { value: 'x', count: 1 },
    ]);
  });

  it('that turns out to be text keeps the texts of its first rows', async () => {
    const { columns } = await scanned('a,b\n1.0,x\n1,y\n01,z\n,x\nlast,x\n');
    expect(columns[0]).toEqual({
      ...{
        name: 'a',
        type: 'category',
        count: 5,
        missing: 1,
        distinct: 4,
        exact: true,
        numeric: null,
        histogram: null,
      },
      top: ['01', '1', '1.0', 'last'].map((value) => ({ value, count: 1 })),
    });
  });
});

describe('a profile', () => {
  it('is that of the contract, with the digest of the bytes', async () => {
    const csv = 'n,t,b,w,m\n1,2024-01-01,true,x,\n2,2024-01-02,false,y,\n2,,true,x,\n';
    const { schema, ...profile } = await scanned(csv);
    expect(datasetProfile.strict().parse(profile)).toEqual(profile);
    expect(datasetSchema.parse(schema)).toEqual(schema);
    expect(profile).toMatchObject({
      ...{ version: 1, format: 'csv', bytes: csv.length, rows: 3 },
      digest: `sha256:${createHash('sha256').update(csv).digest('hex')}`,
    });
    expect(profile.columns[1]).toMatchObject({
      ...{ count: 3, missing: 1, distinct: 2 },
      numeric: { min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 2) },
      top: [
        { value: '2024-01-01T00:00:00.000Z', count: 1 },
        { value: '2024-01-02T00:00:00.000Z', count: 1 },
      ],
    });
    expect(profile.columns[2]).toMatchObject({
      ...{ distinct: 2, numeric: null, histogram: null },
      top: [
        { value: 'true', count: 2 },
        { value: 'false', count: 1 },
      ],
    });
  });

  it('has the figures that NumPy gives', async () => {
    // np.percentile([1, 2, 3, 4], [1, 5, 25, 50, 75, 95, 99]); np.std(…, ddof=1).
    const { numeric } = await column(4, 1, 3, 2);
    expect(numeric).toMatchObject({ min: 1, max: 4, mean: 2.5 });
    expect(numeric!.sd).toBeCloseTo(1.2909944487358056, 15);
    const { p01, p05, p25, p50, p75, p95, p99 } = numeric!.quantiles;
    for (const [found, expected] of [
      ...[
        [p01, 1.03],
        [p05, 1.15],
        [p25, 1.75],
        [p50, 2.5],
        [p75, 3.25],
        [p95, 3.85],
        [p99, 3.97],
      ],
    ] as [number, number][]) {
      expect(found).toBeCloseTo(expected, 12);
    }
  });

  it('keeps mean and spread far from zero and of any size', async () => {
    // NIST StRD, NumAcc4: 1001 values, mean 10000000.2, standard deviation 0.1.
    const values = [10_000_000.2, ...range(500).flatMap(() => [10_000_000.1, 10_000_000.3])];
    const { mean, sd } = (await column(...values)).numeric!;
    expect(mean).toBeCloseTo(10_000_000.2, 8);
    expect(sd).toBeCloseTo(0.1, 8);
    for (const unit of [1e-300, 1e-160, 1e160, 1e299]) {
      const { numeric } = await column(unit, 3 * unit);
      expect(numeric!.mean / unit).toBeCloseTo(2, 12);
      expect(numeric!.sd! / unit).toBeCloseTo(Math.SQRT2, 12);
    }
    expect((await column(0.1, 0.1, 0.1)).numeric).toMatchObject({ mean: 0.1, min: 0.1, max: 0.1 });
    expect((await column(5)).numeric!.sd).toBeNull();
    expect((await column('-0', '0')).numeric).toMatchObject({ mean: 0, sd: 0, min: 0, max: 0 });
  });

  it('has bins that hold every value once, about as many each', async () => {
    const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(values, async (all) => {
        const { edges, counts } = (await column(...all)).histogram!;
        const expected = counts.map(
          (_, bin) =>
            all.filter(
              (value) => (value > edges[bin]! || (bin === 0 && value === edges[0])) && value <= edges[bin + 1]!,
            ).length,
        );
        expect(counts).toEqual(expected);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
      }),
      { numRuns: 50 },
    );
    const { counts } = (await column(...range(5000).map((value) => Math.sin(value)))).histogram!;
    expect(counts).toEqual(counts.map(() => 100));
  });

  it('counts values apart that come in different writings, as numbers do not', async () => {
    expect(await column('1', '1.0', '1e0', '2')).toMatchObject({
      distinct: 2,
      top: [
        { value: '1', count: 3 },
        { value: '2', count: 1 },
      ],
    });
  });

  it('is the same wherever pieces end, and tells how far it is', async () => {
    const csv = `a,b\n${range(2000)
      .map((row) => `${Math.cos(row)},w${row % 30}`)
      .join('\n')}`;
    const told: number[] = [];
    const options = { onBytes: (bytes: number) => told.push(bytes) };
    const one = accepted(await scanDataset(inPieces(csv), 'csv'));
    expect(accepted(await scanDataset(inPieces(csv, [1013]), 'csv', options))).toEqual(one);
    expect(told.at(-1)).toBe(Buffer.byteLength(csv));
    expect(told.length).toBe(Math.ceil(Buffer.byteLength(csv) / 1013));
  });
});

describe('what is refused', () => {
  it.each([
    ['1\ninf\n', "unsupported row 2, column 'x': an infinite number"],
    ['1\n\n-Infinity\n2\n', "unsupported row 3, column 'x': an infinite number"],
    ['1e999\n1\n', "unsupported row 1, column 'x': an infinite number"],
    ['1e301\n', "unsupported row 1, column 'x': a number beyond ±1e+300"],
  ])('%j', async (rows, expected) => {
    expect(refused(await scanDataset(inPieces(`x\n${rows}`), 'csv'))).toBe(expected);
  });

  it('is not an infinity among words', async () => {
    expect((await scanned('x\ninf\nword\n')).columns[0]).toMatchObject({ type: 'category', distinct: 2 });
  });

  it('is data that change while they are read', async () => {
    let reads = 0;
    const changing = { size: null, stream: () => inPieces(`x\n1\n${++reads === 1 ? 'a' : 'b'}\n`).stream() };
    expect(refused(await scanDataset(changing, 'csv'))).toBe('unavailable the data changed while it was read');
  });
});
