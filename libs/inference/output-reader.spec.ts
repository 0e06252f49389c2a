import { describe, expect, it } from '@jest/globals';
import type { OutputInfo } from '#libs/contracts/index.js';
import { outputReader, type Column } from './index.js';

function read(
  outputs: readonly OutputInfo[],
  classes: string[] | number[] | undefined,
  columns: Column[],
  row: number,
) {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: [null, 1] }];
  const features = [{ name: 'x', type: 'float32' as const, nullable: false, input: 'x', index: 0 }];
  const signature = { inputs, features, outputs: [...outputs], ...(classes ? { classes } : {}) };
  return outputReader(signature).outputOf(columns, row);
}

const label = { name: 'label', type: 'int64', shape: [null], role: 'label' } as const;
const probabilities = { name: 'p', type: 'float32', shape: [null, 2], role: 'probabilities' } as const;

describe('a classifier', () => {
  const columns = (labels: bigint[], shares: number[]): Column[] => [
    { name: 'label', type: 'int64', width: 1, data: BigInt64Array.from(labels) },
    { name: 'p', type: 'float32', width: 2, data: Float32Array.from(shares) },
  ];

  it('gives its label and a probability for every class', () => {
    const data = columns([10n, 20n], [0.75, 0.25, 0.5, 0.5]);
    expect(
      read(
        [
          { ...label, shape: [null] },
          { ...probabilities, shape: [null, 2] },
        ],
        [10, 20],
        data,
        1,
      ),
    ).toEqual({
      label: 20,
      probabilities: { 10: 0.5, 20: 0.5 },
    });
  });

  it('counts classes that the graph does not name', () => {
    const outputs = [{ ...probabilities, shape: [null, 2] }];
    expect(read(outputs, undefined, columns([], [1, 0]).slice(1), 0)).toEqual({ probabilities: { 0: 1, 1: 0 } });
  });

  it('may call a class __proto__', () => {
    const outputs = [{ ...probabilities, shape: [null, 2] }];
    const output = read(outputs, ['__proto__', 'b'], columns([], [0.25, 0.75]).slice(1), 0);
    expect(JSON.stringify(output)).toBe('{"probabilities":{"__proto__":0.25,"b":0.75}}');
  });

  it('writes an int64 label beyond 2^53 as its digits', () => {
    const data = columns([2n ** 53n, -(2n ** 63n)], []).slice(0, 1);
    expect(read([{ ...label, shape: [null] }], undefined, data, 0)).toEqual({ label: '9007199254740992' });
    expect(read([{ ...label, shape: [null] }], undefined, data, 1)).toEqual({ label: '-9223372036854775808' });
  });
});

describe('a value', () => {
  const value = (shape: (number | null)[]): OutputInfo => ({ name: 'y', type: 'float32', shape, role: 'value' });
  const column = (width: number, data: number[]): Column[] => [
    { name: 'y', type: 'float32', width, data: Float32Array.from(data) },
  ];

  it.each([
    [[null, 1], 1, [5, 6], 6],
    [[null], 1, [5, 6], 6],
    [[null, 2], 2, [1, 2, 3, 4], [3, 4]],
    [[null, null], 2, [1, 2, 3, 4], [3, 4]],
    [
      [null, 2, 2],
      4,
      [0, 0, 0, 0, 1, 2, 3, 4],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      [null, null, 2],
      4,
      [0, 0, 0, 0, 1, 2, 3, 4],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])('of shape %j', (shape, width, data, expected) => {
    expect(read([value(shape)], undefined, column(width, data), 1)).toEqual({ value: expected });
  });

  it('is null where JSON has no number', () => {
    expect(read([value([null, 3])], undefined, column(3, [NaN, Infinity, 1]), 0)).toEqual({ value: [null, null, 1] });
  });

  it('is named where there are several', () => {
    const outputs: OutputInfo[] = [value([null, 1]), { name: 'ok', type: 'bool', shape: [null, 1], role: 'value' }];
    const data: Column[] = [...column(1, [4]), { name: 'ok', type: 'bool', width: 1, data: Uint8Array.of(1) }];
    expect(read(outputs, undefined, data, 0)).toEqual({ value: { y: 4, ok: true } });
  });
});

it('refuses columns of another model and rows that are not there', () => {
  expect(() =>
    read(
      [label].map((info) => ({ ...info, shape: [null] })),
      undefined,
      [],
      0,
    ),
  ).toThrow('expected 1 output columns, got 0');
  const short: Column[] = [{ name: 'label', type: 'int64', width: 1, data: BigInt64Array.of(1n) }];
  expect(() => read([{ ...label, shape: [null] }], undefined, short, 1)).toThrow('element 1 of 1');
});
