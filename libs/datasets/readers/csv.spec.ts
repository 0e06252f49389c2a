import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DatasetSchema } from '#libs/contracts/index.js';
import { scanDataset } from '../scan/scan-dataset.js';
import { loadTable } from '../table/load-table.js';
import { accepted, inPieces, refused, valuesOf } from '../testing/text-sources.js';
import { longestValue } from './limits.js';

const textSchema = (...names: string[]): DatasetSchema => ({
  columns: names.map((name) => ({ name, type: 'text', nullable: true })),
});

const read = async (data: string | Uint8Array, names: string[], lengths?: number[]) =>
  valuesOf(accepted(await loadTable(inPieces(data, lengths), 'csv', textSchema(...names))));

const refusal = async (data: string | Uint8Array, lengths?: number[]) =>
  refused(await scanDataset(inPieces(data, lengths), 'csv'));

it('reads what was written, wherever the pieces of the file end', async () => {
  const cell = fc.stringMatching(/^[a-zä",\n\r😀 ]{0,6}$/u);
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 });
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
  const end = fc.constantFrom('\n', '\r\n', '\r');
  await fc.assert(
    fc.asyncProperty(rows, lengths, end, fc.boolean(), async (written, pieces, lineEnd, last) => {
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const lines = written.map((row) => row.map(quoted).join(',')).join(lineEnd);
      const data = `\ufeff"a",b${lineEnd}${lines}${last ? lineEnd : ''}`;
      const found = await read(data, ['a', 'b'], pieces);
      const expected = (column: 0 | 1) =>
        written.map((row) => (/^(?:nan|null)?$/.test(row[column].trim()) ? null : row[column]));
      // Those that say `nan` or `null` are missing too.
      expect(found).toEqual({ a: expected(0), b: expected(1) });
    }),
    { numRuns: 150 },
  );
});

it('takes quotes only around values, and doubled ones inside', async () => {
  expect(await read('a,b\n"x,\ny","say ""hi"""\n5" pipe,"last"', ['a', 'b'])).toEqual({
    a: ['x,\ny', '5" pipe'],
    b: ['say "hi"', 'last'],
  });
});

it('knows blank lines at the end from rows of one missing value', async () => {
  expect(await read('a\n\nx\n\n\n', ['a'])).toEqual({ a: [null, 'x'] });
  expect(await read('a\n""\n', ['a'])).toEqual({ a: [null] });
  expect(await refusal('a,b\n1,2\n\n\n3,4\n')).toBe('malformed line 3: 1 value, expected 2 as in the header');
});

it('reads rows of more values than it had room for, and of more bytes than a piece', async () => {
  const names = Array.from({ length: 300 }, (_, column) => `c${column}`);
  const found = await read(`${names.join()}\n${names.map((name) => name.repeat(50)).join()}\n`, names, [97]);
  for (const name of names) expect(found[name]).toEqual([name.repeat(50)]);
});

describe('what cannot be read', () => {
  it.each([
    ['', 'malformed there is no header, expected one in line 1'],
    ['\n\n', 'malformed there is no header, expected one in line 1'],
    ['a,b\n', 'malformed there are no rows'],
    ['\na,b\n1,2\n', 'malformed line 1: a blank line, expected the header'],
    ['a,b\n1,2\n3\n', 'malformed line 3: 1 value, expected 2 as in the header'],
    ['a,b\n"1\n\n1",2\n1,2,3\n', 'malformed line 5: 3 values, expected 2 as in the header'],
    ['a,b\n1,"2\n3,4\n', 'malformed line 2: a quote opens here and never closes'],
    ['a,b\n"\n",\n1,"2\n3,4\n', 'malformed line 4: a quote opens here and never closes'],
    ['a,b\n1,"2"x\n', 'malformed line 2: expected a comma or the end of the line behind a quote'],
    ['a,b\n"1\n2"x,1\n', 'malformed line 3: expected a comma or the end of the line behind a quote'],
    ['a,a\n1,2\n', "malformed line 1: two columns have the name 'a'"],
    ['a,,b\n1,2,3\n', 'malformed line 1: column 2 has no name'],
    [`a,${'x'.repeat(257)}\n1,2\n`, 'unsupported line 1: the name of column 2 has more than 256 characters'],
    ['__proto__,b\n1,2\n', "unsupported line 1: no column can have the name '__proto__'"],
    ['a;b\n1;2\n', 'malformed line 1: one column with ";" in its name, expected values separated by commas'],
    ['a\tb\n1\t2\n', 'malformed line 1: one column with "\\t" in its name, expected values separated by commas'],
  ])('%j', async (data, expected) => {
    for (const length of [1, 3, 1000]) expect(await refusal(data, [length])).toBe(expected);
  });

  it('names the line that is not UTF-8', async () => {
    const latin1 = Buffer.from('a,b\nx,1\nMünchen,2\n', 'latin1');
    expect(await refusal(latin1)).toBe('malformed line 3: the bytes are not UTF-8 text');
    expect(await refusal(latin1, [1])).toBe('malformed line 3: the bytes are not UTF-8 text');
    expect(await refusal(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'))).toBe(
      'malformed line 1: the bytes are not UTF-8 text',
    );
  });

  it('ends at a value that is too long, before the file does', async () => {
    const endless = 'x'.repeat(longestValue);
    const message = `a value of more than ${longestValue} bytes, the most read here; is a quote not closed?`;
    expect(await refusal(`a,b\n1,${endless}\n2,"${endless}`)).toBe(`too_large line 3, column 'b': ${message}`);
    expect(await refusal(`a,b\n1,${endless}y\n`, [70_000])).toBe(`too_large line 2, column 'b': ${message}`);
  });

  it('counts columns', async () => {
    const names = Array.from({ length: 10_001 }, (_, column) => `c${column}`).join();
    expect(await refusal(`${names}\n`)).toBe('too_large line 1: more than 10000 columns, the most read here');
  });
});
