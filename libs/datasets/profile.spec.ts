import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api } from '#libs/contracts/index.js';
import { profileOf, type ProfileOptions } from './profile.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function profiles(
  data: string | Uint8Array,
  format: string,
  options?: ProfileOptions,
): Record<string, api.FeatureProfile> {
  const found = profileOf(typeof data === 'string' ? bytesOf(data) : data, format, options);
  if (!found.ok) throw new Error(found.rejection.detail);
  return Object.fromEntries(found.value);
}

/** One column of a CSV file. */
const profile = (...cells: (number | string)[]): api.FeatureProfile =>
  profiles(`x,y\n${cells.map((cell) => `${cell},\n`).join('')}`, 'csv')['x']!;

function refusal(data: string | Uint8Array, format: string, options?: ProfileOptions): string {
  const found = profileOf(typeof data === 'string' ? bytesOf(data) : data, format, options);
  if (found.ok) throw new Error('it was read');
  return `${found.rejection.reason} ${found.rejection.detail}`;
}

describe('numbers', () => {
  it('have the figures that NumPy gives', () => {
    // np.percentile([1, 2, 3, 4], [25, 50, 75]) = 1.75, 2.5, 3.25; np.std(…, ddof=1) = 1.2909944487358056.
    expect(profile(4, 1, 3, 2)).toEqual({
      ...{ rows: 4, missing: 0, distinct: 4 },
      numeric: {
        ...{ mean: 2.5, standard_deviation: 1.2909944487358056 },
        ...{ min: 1, q25: 1.75, median: 2.5, q75: 3.25, max: 4 },
      },
      top: ['1', '2', '3', '4'].map((value) => ({ value, count: 1 })),
    });
  });

  it('have the figures of a worked example', () => {
    // Sorted 2 4 4 4 5 5 7 9: mean 5, squares of distances 32, so √(32/7); positions 1.75, 3.5, 5.25.
    expect(profile(2, 4, 4, 4, 5, 5, 7, 9).numeric).toEqual({
      ...{ mean: 5, standard_deviation: Math.sqrt(32 / 7), min: 2, q25: 4, median: 4.5, q75: 5.5, max: 9 },
    });
  });

  it('of one value stand alone', () => {
    expect(profile(-3.5).numeric).toEqual({
      ...{ mean: -3.5, standard_deviation: 0, min: -3.5, q25: -3.5, median: -3.5, q75: -3.5, max: -3.5 },
    });
  });

  it('that are equal have a mean that is none other', () => {
    expect(profile(0.1, 0.1, 0.1).numeric).toMatchObject({ mean: 0.1, min: 0.1, max: 0.1 });
  });

  it('keep their spread far from zero, where the sum of squares loses it', () => {
    // NIST StRD, NumAcc4: 1001 values, mean 10000000.2, standard deviation 0.1.
    const values = [10_000_000.2, ...Array.from({ length: 500 }, () => [10_000_000.1, 10_000_000.3]).flat()];
    const { mean, standard_deviation } = profile(...values).numeric!;
    expect(mean).toBeCloseTo(10_000_000.2, 8);
    expect(standard_deviation).toBeCloseTo(0.1, 8);
  });

  it('of any size keep mean and spread', () => {
    const sd = Math.SQRT2;
    for (const unit of [1e-300, 1e-160, 1e160, 1e299]) {
      const { mean, standard_deviation } = profile(unit, 3 * unit).numeric!;
      expect(mean / unit).toBeCloseTo(2, 12);
      expect(standard_deviation / unit).toBeCloseTo(sd, 12);
    }
    expect(profile(0, '-0', '0.0').numeric).toMatchObject({ mean: 0, standard_deviation: 0, min: 0, max: 0 });
  });

  it('have quartiles that split them, and the same figures in any order', () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, (all) => {
        const found = profile(...all);
        const { q25, median, q75, min, max, mean } = found.numeric!;
        const sorted = [...all].sort((a, b) => a - b);
        // R, type 7: x[⌊h⌋] + (h − ⌊h⌋)(x[⌊h⌋ + 1] − x[⌊h⌋]), h = (n − 1)p; quarters of integers are exact.
        const expected = [0.25, 0.5, 0.75].map((p) => {
          const h = (sorted.length - 1) * p;
          const low = sorted[Math.floor(h)]!;
          return low + (h % 1) * ((sorted[Math.floor(h) + 1] ?? low) - low);
        });
        expect([q25, median, q75]).toEqual(expected.map((value) => value + 0));
        expect([min, max]).toEqual([sorted[0]! + 0, sorted.at(-1)! + 0]);
        expect(mean).toBeCloseTo(all.reduce((sum, value) => sum + value, 0) / all.length, 10);
        expect(found.distinct).toBe(new Set(all).size);
        expect(profile(...sorted)).toEqual(found);
      }),
    );
  });

  it('are decimal numbers, with spaces around them and in any notation', () => {
    expect(profile(' 1 ', '+2', '.5', '4.', '1e2', '-1E-1').numeric).toMatchObject({ min: -0.1, max: 100 });
    for (const text of ['0x10', '1_000', '1e', '.', '1 2', '--1', '1.2.3']) {
      expect(profile('1', text).numeric).toBeNull();
    }
  });

  it('that are equal are one value, however they are written', () => {
    expect(profile('1', '1.0', '1e0', '2')).toMatchObject({
      distinct: 2,
      top: [
        { value: '1', count: 3 },
        { value: '2', count: 1 },
      ],
    });
  });

  it.each(['inf', '-Infinity', '1e301', '-1e999'])('refuse %s', (text) => {
    expect(refusal(`x\n1\n${text}\n`, 'csv')).toBe("unsupported row 2, column 'x': a number beyond ±1e+300");
  });
});

describe('text', () => {
  it('is whatever column holds a word, with its most frequent values', () => {
    expect(profile('DE', 'FR', 'DE', '7')).toEqual({
      ...{ rows: 4, missing: 0, distinct: 3, numeric: null },
      top: [
        { value: 'DE', count: 2 },
        { value: '7', count: 1 },
        { value: 'FR', count: 1 },
      ],
    });
  });

  it('ties in byte order, whatever the order of rows', () => {
    // UTF-16 would put U+1F600, a surrogate pair, before U+FF21.
    const values = ['\u{1F600}', '\uFF21', 'b', 'B', 'ab', 'a'];
    for (const order of [values, values.toReversed()]) {
      expect(profile(...order).top.map(({ value }) => value)).toEqual(['B', 'a', 'ab', 'b', '\uFF21', '\u{1F600}']);
    }
  });

  it('tells as many values as are asked for, the most frequent first', () => {
    const counted = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(counted, fc.integer({ min: 0, max: 7 }), (all, most) => {
        const all6 = [...new Set(all)].map((value) => ({
          value,
          count: all.filter((other) => other === value).length,
        }));
        all6.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
        expect(profiles(`x\n${all.join('\n')}\n`, 'csv', { top: most })['x']!.top).toEqual(all6.slice(0, most));
      }),
    );
  });

  it('is cut where it is long, and is always text that can be sent', () => {
    const [long, broken] = profiles(JSON.stringify([{ x: 'a'.repeat(300) }, { x: '\ud800' }]), 'json')['x']!.top;
    expect(long!.value).toBe(`${'a'.repeat(256)}…`);
    expect(broken!.value).toBe('\ufffd');
  });
});

describe('missing values', () => {
  it('are empty, null or NaN, and count for nothing else', () => {
    expect(profile('1', '', ' ', 'NaN', 'nan', 'null', 'NULL', '3')).toMatchObject({
      ...{ rows: 8, missing: 6, distinct: 2, numeric: { mean: 2 } },
    });
    const rows = '[{"x":1,"y":null},{"y":""},{"x":3,"y":"NaN"}]';
    expect(profiles(rows, 'json')).toMatchObject({
      x: { rows: 3, missing: 1, distinct: 2, numeric: { mean: 2 } },
      // JSON says itself what is text.
      y: { rows: 3, missing: 2, distinct: 1, numeric: null, top: [{ value: 'NaN', count: 1 }] },
    });
  });

  it('may be all there is', () => {
    const nothing = { rows: 2, missing: 2, distinct: 0, numeric: null, top: [] };
    expect(profiles('x,y\n,1\nNaN,2\n', 'csv')['x']).toEqual(nothing);
    expect(profiles('x,y\n', 'csv')['x']).toEqual({ ...nothing, rows: 0, missing: 0 });
  });
});

describe('formats', () => {
  const columns = {
    age: [30, null, 40.5],
    plan: ['gold', 'basic', null],
    paid: [true, false, null],
  };
  const rows = [0, 1, 2].map((row) => ({ age: columns.age[row], plan: columns.plan[row], paid: columns.paid[row] }));

  it('say the same of the same data', () => {
    const expected = {
      age: {
        ...{ rows: 3, missing: 1, distinct: 2 },
        numeric: {
          ...{ mean: 35.25, standard_deviation: Math.sqrt(2 * 5.25 ** 2) },
          ...{ min: 30, q25: 32.625, median: 35.25, q75: 37.875, max: 40.5 },
        },
        top: [
          { value: '30', count: 1 },
          { value: '40.5', count: 1 },
        ],
      },
      plan: {
        ...{ rows: 3, missing: 1, distinct: 2, numeric: null },
        top: [
          { value: 'basic', count: 1 },
          { value: 'gold', count: 1 },
        ],
      },
      paid: {
        ...{ rows: 3, missing: 1, distinct: 2, numeric: null },
        top: [
          { value: 'false', count: 1 },
          { value: 'true', count: 1 },
        ],
      },
    };
    const csv = 'age,plan,paid\r\n30,gold,true\r\n,"basic",false\r\n40.5,,';
    expect(profiles(csv, 'csv')).toEqual(expected);
    expect(profiles(`\ufeff${csv}\r\n\r\n`, 'csv')).toEqual(expected);
    expect(profiles(csv.replaceAll('\r\n', '\r'), 'csv')).toEqual(expected);
    expect(profiles(JSON.stringify(rows), 'json')).toEqual(expected);
    expect(profiles(JSON.stringify(columns), 'json')).toEqual(expected);
    expect(profiles(rows.map((row) => `${JSON.stringify(row)}\r\n`).join('\n'), 'jsonl')).toEqual(expected);
    for (const one of Object.values(expected)) expect(api.featureProfile.parse(one)).toEqual(one);
  });

  it('keep the order of columns, and take names that every object inherits', () => {
    expect([...profilesOf('b,10,2,constructor\n1,2,3,4\n', 'csv')]).toEqual(['b', '10', '2', 'constructor']);
    expect([...profilesOf('{"b":1}\n{"a":2,"toString":3}\n', 'jsonl')]).toEqual(['b', 'a', 'toString']);
  });

  const profilesOf = (data: string, format: string): Iterable<string> => {
    const found = profileOf(bytesOf(data), format);
    return found.ok ? found.value.keys() : [];
  };

  it('CSV takes quotes as RFC 4180 has them', () => {
    const { a, b } = profiles('a,b\n"x,\ny","say ""hi"""\n5" pipe,"last"', 'csv');
    expect(a!.top.map(({ value }) => value)).toEqual(['5" pipe', 'x,\ny']);
    expect(b!.top.map(({ value }) => value)).toEqual(['last', 'say "hi"']);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['', 'csv', 'malformed there is no header, expected one in line 1'],
    ['\n\n', 'csv', 'malformed there is no header, expected one in line 1'],
    ['a,b\n1,2\n3\n', 'csv', 'malformed line 3: 1 value, expected 2 as in the header'],
    ['a,b\n"1\n\n1",2\n1,2,3\n', 'csv', 'malformed line 5: 3 values, expected 2 as in the header'],
    ['a,b\n1,2\n\n3,4\n', 'csv', 'malformed line 3: 1 value, expected 2 as in the header'],
    ['a,b\n1,"2\n3,4\n', 'csv', 'malformed line 2: a quote opens here and never closes'],
    ['a,b\n1,"2"x\n', 'csv', 'malformed line 2: expected a comma or the end of the line behind a quote'],
    ['a,a\n1,2\n', 'csv', "malformed line 1: two columns have the name 'a'"],
    ['__proto__,b\n1,2\n', 'csv', "unsupported line 1: no column can have the name '__proto__'"],
    ['a;b\n1;2\n', 'csv', 'malformed line 1: one column with ";" in its name, expected values separated by commas'],
    ['a\tb\n1\t2\n', 'csv', 'malformed line 1: one column with "\\t" in its name, expected values separated by commas'],
    ['3', 'json', 'malformed expected an array of rows or an object of columns'],
    ['[{"a":1},[2]]', 'json', 'malformed row 2: a list, expected an object: column name → value'],
    [
      '[{"a":1},{"a":{"b":2}}]',
      'json',
      "unsupported row 2, column 'a': an object, expected a number, a text, true, false or null",
    ],
    ['{"a":[1,2],"b":[1]}', 'json', "malformed column 'b': 1 values, expected 2 as in 'a'"],
    ['{"a":{"0":1}}', 'json', "malformed column 'a': an object, expected a list of values"],
    ['{"a":[[1]]}', 'json', "unsupported row 1, column 'a': a list, expected a number, a text, true, false or null"],
    ['[{"__proto__":1}]', 'json', "unsupported no column can have the name '__proto__'"],
    ['{"a":1}\n\nnull\n', 'jsonl', 'malformed line 3: null, expected an object: column name → value'],
    ['[{"a":1e999}]', 'json', "unsupported row 1, column 'a': a number beyond ±1e+300"],
    ['a', 'parquet', "unsupported format 'parquet', expected csv, jsonl, json"],
  ])('%j as %s', (data, format, expected) => {
    expect(refusal(data, format)).toBe(expected);
  });

  it('says where text stops being JSON', () => {
    expect(refusal('{"a":1}\n{"a":NaN}\n', 'jsonl')).toMatch(/^malformed line 2: this is not JSON: /);
    expect(refusal('[', 'json')).toMatch(/^malformed this is not JSON: /);
  });

  it('knows text from other bytes', () => {
    const bytes = Uint8Array.of(0x1f, 0x8b, 0xff);
    for (const format of ['csv', 'json', 'jsonl']) {
      expect(refusal(bytes, format)).toBe('malformed the bytes are not UTF-8 text');
    }
  });
});

describe('limits', () => {
  const forms: [string, string][] = [
    ['csv', 'a,b\n1,1\n2,2\n3,3\n'],
    ['json', '[{"a":1,"b":1},{"a":2},{"a":3}]'],
    ['json', '{"a":[1,2,3],"b":[1,2,3]}'],
    ['jsonl', '{"a":1,"b":1}\n{"a":2}\n{"a":3}\n'],
  ];

  it.each(forms)('hold for %s', (format, data) => {
    const { length } = bytesOf(data);
    const within = { bytes: length, rows: 3, columns: 2, cells: 6 };
    expect(Object.keys(profiles(data, format, { limits: within }))).toEqual(['a', 'b']);
    const over = (limits: ProfileOptions['limits']): string =>
      refusal(data, format, { limits: { ...within, ...limits } });
    expect(over({ bytes: length - 1 })).toBe(`too_large more than ${length - 1} bytes, the most read here`);
    expect(over({ rows: 2 })).toBe('too_large more than 2 rows, the most read here');
    expect(over({ columns: 1 })).toBe('too_large more than 1 columns, the most read here');
    expect(over({ cells: 5 })).toBe('too_large 3 rows of 2 columns, expected at most 5 cells');
  });
});

it('reads CSV as it was written, whatever its cells hold', () => {
  const cell = fc.stringMatching(/^[a-z",\n\r ]{0,6}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
      const written = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      const { b } = profiles(`a,b\n${written.join('\r\n')}`, 'csv', { top: 8 });
      const expected = rows.map(([, text]) => text).filter((text) => !/^(?:nan|null)?$/i.test(text.trim()));
      expect(b).toMatchObject({ rows: rows.length, missing: rows.length - expected.length });
      expect(new Set(b!.top.map(({ value }) => value))).toEqual(new Set(expected));
    }),
  );
});
