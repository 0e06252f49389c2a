import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { longestDecimal, parseNumber, readDecimal } from './parse-number.js';

const parse = (text: string): number => {
  const bytes = Buffer.from(`x${text}x`);
  return parseNumber(bytes, 1, bytes.length - 1);
};

const runs = { numRuns: 3_000 };

/** `expect` for each of thousands takes seconds. */
const same = (text: string): boolean => Object.is(parse(text), Number(text));

it('reads what float64 writes back as it was', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => parse(String(value)) === value),
    runs,
  );
});

it('reads decimals as Number does, however many digits they have', () => {
  const digits = fc.stringMatching(/^\d{0,22}$/);
  const exponent = fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-', 'E-'), fc.integer({ min: 0, max: 40 })));
  fc.assert(
    fc.property(fc.constantFrom('', '-', '+'), digits, digits, exponent, (sign, whole, fraction, power) => {
      fc.pre(whole !== '' || fraction !== '');
      const text = `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${power?.join('') ?? ''}`;
      return same(text);
    }),
    runs,
  );
});

it('reads as Number does beside the middle between two float64', () => {
  // The exact decimal of a middle has too many digits; its 17 to 19 leading ones lie as near to it as they can.
  const value = fc.double({ min: 1e-3, max: 1e15, noNaN: true });
  fc.assert(
    fc.property(value, fc.integer({ min: 16, max: 18 }), (near, places) => {
      const exponent = Math.floor(Math.log2(near));
      const text = (BigInt(Math.round((near / 2 ** exponent) * 2 ** 52)) * 2n + 1n).toString();
      const middle = `${text[0]}.${text.slice(1)}`;
      return same(middle.slice(0, places + 2)) && same(text) && same(`${text}e-${places}`);
    }),
    runs,
  );
});

it.each([' 1 ', '\t2', '.5', '4.', '-0', '0.0', '00012', '1e400', '1e-400', '9007199254740993', '1e22', '1e23'])(
  'reads %j',
  (text) => {
    expect(parse(text)).toBe(Number(text));
  },
);

it.each(['inf', 'Infinity', '+INF', '-inf'])('reads %s', (text) => {
  expect(parse(text)).toBe(text.startsWith('-') ? -Infinity : Infinity);
});

it.each(['', ' ', '.', '-', 'e5', '1e', '1e+', '1 2', '--1', '1.2.3', '0x10', '1_000', 'nan', '1,5', '١'])(
  'has no number for %j',
  (text) => {
    expect(parse(text)).toBeNaN();
  },
);

describe('a decimal read on the way', () => {
  const into = new Float64Array(1);
  const readAt = (text: string, behind: string): { number: number; length: number } => {
    const bytes = Buffer.from(`x${text}${behind.padEnd(longestDecimal)}`);
    const end = readDecimal(bytes, 1, into, 0);
    return { number: into[0]!, length: end - 1 };
  };

  it('is what Number reads, up to 18 digits', () => {
    const number = fc.stringMatching(/^-?(?:\d{1,18}|\d{0,9}\.\d{1,9}|\d?\.\d{1,17}|0\.0{9}\d{1,8})$/);
    fc.assert(
      fc.property(number, (text) => {
        const { number: read, length } = readAt(text, ',');
        return Object.is(read, Number(text)) && length === text.length;
      }),
      runs,
    );
  });

  it.each(['1234567890123456789', '1.234567890123456789', '1e5', '1.2.3', '12x', '1-', '- 1'])(
    'ends inside %j',
    (text) => {
      expect(readAt(text, ',').length).toBeLessThan(text.length);
    },
  );

  it.each(['', '-', '.', '-.', 'nan'])('is none in %j', (text) => {
    expect(readAt(text, ',').number).toBeNaN();
  });
});
