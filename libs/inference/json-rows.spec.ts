import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Signature, TensorType } from '#libs/contracts/index.js';
import { InputBatch, jsonRowReader, rowEncoder } from './index.js';
import { readJsonNumber, readShortNumber } from './json-number.js';

/** A matrix of `a`, `b`, `c` and a column of its own for `d`; `c` and `d` may be missing. */
function signatureOf(type: TensorType): Signature {
  return {
    inputs: [
      { name: 'x', type, shape: [null, 3] },
      { name: 'd', type: 'float64', shape: [null, 1] },
    ],
    outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
    features: [
      { name: 'a', type, nullable: false, input: 'x', index: 0 },
      { name: 'b', type, nullable: false, input: 'x', index: 1 },
      { name: 'c', type, nullable: true, input: 'x', index: 2 },
      { name: 'd', type: 'float64', nullable: true, input: 'd', index: 0 },
    ],
  };
}

const most = 100;

/** Null for a text that is left to the general way. */
function read(text: string, signature = signatureOf('float32'), from = 0) {
  const found = jsonRowReader(signature)!(Buffer.from(text, 'latin1'), from, most);
  return found && { rows: found.rows, end: found.end, values: found.columns.map(({ data }) => [...data]) };
}

function encoded(rows: readonly unknown[], signature: Signature): unknown[][] {
  const encoder = rowEncoder(signature);
  const batch = new InputBatch(encoder.inputColumns);
  for (const [row, input] of rows.entries()) expect(encoder.encode(input, batch, row)).toBeNull();
  return batch.view(0, rows.length).map(({ data }) => [...data]);
}

describe('a JSON number', () => {
  const numberOf = (text: string, isSingle = false): number | null => {
    const span = { value: 0, end: 0 };
    return readJsonNumber(Buffer.from(text), 0, isSingle, span) && span.end === text.length ? span.value : null;
  };

  it('is what JSON.parse reads, to the bit', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,3})?$/);
    const texts = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(fc.constantFrom('', '-'), digits).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(numberOf(text)).toBe(JSON.parse(text));
        expect(numberOf(text, true)).toBe(Math.fround(JSON.parse(text) as number));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['0', '-0', '1e22', '1e23', '999999999999999e-22', '9007199254740993', '5e-324', '1E+2', '0e999'])(
    '%s is exact',
    (text) => {
      expect(numberOf(text)).toBe(JSON.parse(text));
    },
  );

  describe('of a few digits', () => {
    const shortOf = (text: string, isSingle = false): number | null => {
      const span = { value: 0, end: 0 };
      const found = readShortNumber(Buffer.from(`${text},`), 0, isSingle, span);
      return found && span.end === text.length ? span.value : null;
    };

    it('is the same', () => {
      const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,4})(\.\d{1,4})?$/);
      fc.assert(
        fc.property(digits, (text) => {
          expect(shortOf(text)).toBe(JSON.parse(text));
          expect(shortOf(text, true)).toBe(Math.fround(JSON.parse(text) as number));
        }),
        { numRuns: 2_000 },
      );
    });

    it.each(['', '-', '01', '-00.5', '1.', '.5', '1e3', '1.5E3', '1234567890', '0.1234567890', '4294967296', 'null'])(
      '%j is left to the general way',
      (text) => {
        expect(shortOf(text)).toBeNull();
      },
    );
  });

  it('between two float32s goes to the side that JSON.parse goes to', () => {
    const single = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-4), max: Math.fround(1e6) });
    const offset = fc.constantFrom(0, 1e-12, -1e-12, 1e-9, -1e-9);
    fc.assert(
      fc.property(single, offset, (value, by) => {
        const next = new Float32Array(
          new Uint32Array([new Uint32Array(Float32Array.of(value).buffer)[0]! + 1]).buffer,
        )[0]!;
        const text = String(((value + next) / 2) * (1 + by));
        expect(numberOf(text, true)).toBe(Math.fround(JSON.parse(text) as number));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['', '-', '+1', '01', '-01', '1.', '.5', '1e', '1e+', 'NaN', 'Infinity', '0x1', '1_0'])(
    'is not %j',
    (text) => {
      expect(numberOf(text)).toBeNull();
    },
  );
});

describe('rows of numbers', () => {
  it('are read as the encoder reads them, however they are spaced and ordered', () => {
    const row = fc.record({
      ...{
        a: fc.double({ min: -3e38, max: 3e38, noNaN: true }),
        b: fc.float({ noNaN: true, noDefaultInfinity: true }),
      },
      ...{ c: fc.option(fc.float({ noNaN: true, noDefaultInfinity: true })), d: fc.option(fc.double({ noNaN: true })) },
    });
    const orders = fc.shuffledSubarray(['a', 'b', 'c', 'd'] as const, { minLength: 4 });
    const space = fc.constantFrom('', ' ', '\n  ');
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        orders,
        space,
        space,
        fc.constantFrom<TensorType>('float32', 'float64'),
        (rows, names, before, behind, type) => {
          const finite = rows.map((each, index) => ({
            ...each,
            ...(type === 'float64' && index === 0 ? { a: 0.25, b: 1, c: null } : {}),
            d: index > 0 && Number.isFinite(each.d) ? each.d : null,
          }));
          const texts = finite.map(
            (each) =>
              `{${names.map((name) => `${before}"${name}"${behind}:${before}${JSON.stringify(each[name])}`).join(`${behind},`)}${behind}}`,
          );
          const array = `[${behind}${texts.join(`${behind},${before}`)}${before}]`;
          const signature = signatureOf(type);
          expect(read(`?${array}more`, signature, 1)).toEqual({
            ...{ rows: rows.length, end: 1 + array.length },
            values: encoded(JSON.parse(array) as unknown[], signature),
          });
        },
      ),
    );
  });

  const first = '{"a":1,"b":2,"c":3,"d":4}';
  it.each([
    ['no array', first],
    ['no row', '[]'],
    ['a row that is none', '[1]'],
    ['a text that ends', `[${first},{"a":1,"b":2`],
    ['an array that does not end', `[${first}`],
    ['a comma too many', `[${first},]`],
    ['rows with nothing between', `[${first}${first}]`],
    ['a row in another order', `[${first},{"b":2,"a":1,"c":3,"d":4}]`],
    ['a row with other names', `[${first},{"a":1,"b":2,"c":3,"e":4}]`],
    ['a row spaced otherwise', `[${first},{"a": 1,"b":2,"c":3,"d":4}]`],
    ['a feature too few', '[{"a":1,"b":2,"c":3}]'],
    ['an unknown feature', '[{"a":1,"b":2,"c":3,"d":4,"e":5}]'],
    ['a feature twice', '[{"a":1,"b":2,"c":3,"d":4,"a":1}]'],
    ['a name with an escape', '[{"\\u0061":1,"b":2,"c":3,"d":4}]'],
    ['a name that does not end', '[{"a'],
    ['a number as text', '[{"a":"1","b":2,"c":3,"d":4}]'],
    ['null where a number has to be', '[{"a":null,"b":2,"c":3,"d":4}]'],
    ['nearly null', '[{"a":1,"b":2,"c":nul,"d":4}]'],
    ['more than float32 holds', '[{"a":4e38,"b":2,"c":3,"d":4}]'],
    ['more than float64 holds', '[{"a":1,"b":2,"c":3,"d":1e309}]'],
    ['a float64 of many digits', '[{"a":1,"b":2,"c":3,"d":0.1234567890123456}]'],
    ['too many rows', `[${Array.from({ length: most + 1 }, () => first).join(',')}]`],
  ])('%s is left to the general way', (_what, text) => {
    expect(read(text)).toBeNull();
  });

  it('are as many as are allowed', () => {
    expect(read(`[${Array.from({ length: most }, () => first).join(',')}]`)?.rows).toBe(most);
  });

  it('of other types are left to the general way', () => {
    const { features, ...rest } = signatureOf('float32');
    expect(jsonRowReader({ ...rest, features: features.map((each) => ({ ...each, type: 'int64' })) })).toBeNull();
  });
});
