import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Column } from '#libs/inference/index.js';
import { digestLength, rowKeys } from './row-keys.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.constantFrom('', ':', '1:', '\uD800', '\uDFFF', 'a'.repeat(digestLength), '0'.repeat(digestLength)),
);
const number = fc.constantFrom(0, -0, 1, 258, Number.NaN);

it.each([1, 3, 20])(
  'rows of %i numbers and some texts have the same key where all are the same, and there only',
  (width) => {
    const row = fc.record({
      numbers: fc.array(number, { minLength: width, maxLength: width }),
      texts: fc.array(text, { minLength: 2, maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 8 }), (rows) => {
        const x: Column = {
          name: 'x',
          type: 'float64',
          width,
          data: Float64Array.from(rows.flatMap(({ numbers }) => numbers)),
        };
        const t: Column = { name: 't', type: 'string', width: 2, data: rows.flatMap(({ texts }) => texts) };
        for (const [columns, parts] of [
          [[x], rows.map(({ numbers }) => [numbers])],
          [[t], rows.map(({ texts }) => [texts])],
          [[x, t], rows.map(({ numbers, texts }) => [numbers, texts])],
        ] as const) {
          const keyOf = rowKeys(columns);
          for (const [one, first] of parts.entries())
            for (const [other, second] of parts.entries())
              expect(keyOf(one) === keyOf(other)).toBe(
                first.flat().every((value, index) => Object.is(value, second.flat()[index])),
              );
        }
      }),
      { numRuns: 30 },
    );
  },
);

it('the key of an image is no larger than a digest', () => {
  const image: Column = { name: 'x', type: 'float32', width: 150_528, data: new Float32Array(2 * 150_528) };
  image.data[150_528 + 7] = 1;
  const keyOf = rowKeys([image]);
  expect([keyOf(0).length, keyOf(1).length, keyOf(0) === keyOf(1)]).toEqual([digestLength, digestLength, false]);
});
