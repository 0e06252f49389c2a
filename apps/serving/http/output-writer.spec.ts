import { describe, expect, it } from '@jest/globals';
import type { OutputInfo, Signature } from '#libs/contracts/index.js';
import { outputReader, type Column } from '#libs/inference/index.js';
import fc from 'fast-check';
import { JsonBytes } from './json-bytes.js';
import { outputBytesWriter, outputWriter } from './output-writer.js';

function written(
  outputs: readonly OutputInfo[],
  classes: Signature['classes'],
  columns: readonly Column[],
  row: number,
) {
  const signature: Signature = { inputs: [], features: [], outputs: [...outputs], ...(classes ? { classes } : {}) };
  const reader = outputReader(signature);
  const outputOf = (given: readonly Column[], at: number) => reader.outputOf(given, at);
  const outputColumns = columns.map(({ name, type, width }, at) => ({ name, type, width, role: outputs[at]!.role }));
  const model = { signature, outputColumns, outputOf };
  const text = outputWriter(model)(columns, row);
  // One byte at first: it has to grow, and what is there to stay.
  const into = new JsonBytes(1);
  into.ascii('[');
  outputBytesWriter(model)(columns, row, into);
  expect(into.written().toString('utf8')).toBe(`[${text}`);
  return { text, expected: JSON.stringify(reader.outputOf(columns, row)) };
}

const info = (name: string, role: OutputInfo['role'], type: OutputInfo['type'], width: number): OutputInfo => ({
  name,
  role,
  type,
  shape: width === 1 ? [null] : [null, width],
});

describe('outputWriter', () => {
  it('writes a classifier as JSON.stringify would, for any numbers and any class names', () => {
    const className = fc.oneof(fc.string(), fc.constantFrom('__proto__', '"', 'ü', '\u2028', '10'));
    const case_ = fc.uniqueArray(className, { minLength: 1, maxLength: 6 }).chain((classes) =>
      fc.record({
        classes: fc.constant(classes),
        label: fc.constantFrom(...classes),
        probabilities: fc.array(fc.float(), { minLength: 2 * classes.length, maxLength: 2 * classes.length }),
      }),
    );
    fc.assert(
      fc.property(case_, fc.integer({ min: 0, max: 1 }), ({ classes, label, probabilities }, row) => {
        const width = classes.length;
        const { text, expected } = written(
          [info('l', 'label', 'string', 1), info('p', 'probabilities', 'float32', width)],
          classes,
          [
            { name: 'l', type: 'string', width: 1, data: [label, label] },
            { name: 'p', type: 'float32', width, data: Float32Array.from(probabilities) },
          ],
          row,
        );
        expect(JSON.parse(text)).toEqual(JSON.parse(expected));
      }),
    );
  });

  it.each<[OutputInfo['type'], Column['data']]>([
    ['float32', Float32Array.of(0.1, Number.NaN)],
    ['float64', Float64Array.of(-0, Number.NEGATIVE_INFINITY)],
    ['int64', BigInt64Array.of(7n, 2n ** 60n)],
    ['int64', BigInt64Array.of(255n, 256n)],
    ['int64', BigInt64Array.of(-1n, -(2n ** 60n))],
    ['int32', Int32Array.of(-7, 2 ** 31 - 1)],
    ['int16', Int16Array.of(-7, 7)],
    ['int8', Int8Array.of(-7, 7)],
    ['uint8', Uint8Array.of(0, 255)],
    ['bool', Uint8Array.of(0, 1)],
    ['string', ['', 'a "quoted" \u0000 one']],
  ])('writes values of type %s as JSON.stringify would', (type, data) => {
    for (const role of ['value', 'label'] as const)
      for (const row of [0, 1]) {
        const { text, expected } = written(
          [info('y', role, type, 1)],
          undefined,
          [{ name: 'y', type, width: 1, data }],
          row,
        );
        expect(text).toBe(expected);
      }
  });

  it('leaves nested values, several values and repeated class names to the reader', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    for (const [outputs, classes, columns] of [
      [[info('y', 'value', 'float32', 2)], undefined, [{ name: 'y', type: 'float32', width: 2, data }]],
      [
        [info('y', 'value', 'float32', 1), info('z', 'value', 'float32', 1)],
        undefined,
        [
          { name: 'y', type: 'float32', width: 1, data },
          { name: 'z', type: 'float32', width: 1, data },
        ],
      ],
      [[info('p', 'probabilities', 'float32', 2)], ['a', 'a'], [{ name: 'p', type: 'float32', width: 2, data }]],
    ] as const) {
      const { text, expected } = written([...outputs], classes && [...classes], [...columns], 1);
      expect(text).toBe(expected);
    }
  });
});
