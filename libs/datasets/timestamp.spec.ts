import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTimestamp, timestampPattern } from './timestamp.js';

const years = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true };

describe('a timestamp', () => {
  it.each([
    ['1970-01-01', 0],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2024-02-29T12:30', Date.UTC(2024, 1, 29, 12, 30)],
    ['2024-02-29 12:30:59', Date.UTC(2024, 1, 29, 12, 30, 59)],
    ['2024-02-29T12:30:59.5Z', Date.UTC(2024, 1, 29, 12, 30, 59, 500)],
    ['2024-02-29T12:30:59.123999999', Date.UTC(2024, 1, 29, 12, 30, 59, 123)],
    ['2024-02-29T12:30+05:45', Date.UTC(2024, 1, 29, 6, 45)],
    ['2024-02-29T23:30-01:00', Date.UTC(2024, 2, 1, 0, 30)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['0001-01-01', Date.parse('0001-01-01T00:00:00Z')],
    ['9999-12-31T23:59:59.999Z', Date.parse('9999-12-31T23:59:59.999Z')],
  ])('%s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  it('is every instant that Date writes', () => {
    fc.assert(
      fc.property(fc.date(years), (date) => {
        const text = date.toISOString();
        expect(parseTimestamp(text)).toBe(date.getTime());
        expect(parseTimestamp(text.slice(0, 10))).toBe(Date.parse(`${text.slice(0, 10)}T00:00:00Z`));
      }),
    );
  });

  it.each([
    ...['', '2024', '2024-01', '2024-1-1', '20240101', '2024-001', '01/02/2024', '0000-01-01', '10000-01-01'],
    ...['2024-13-01', '2024-00-01', '2024-01-00', '2024-01-32', '2023-02-29', '1900-02-29', '2024-04-31'],
    ...['2024-01-01Z', '2024-01-01T', '2024-01-01T24:00', '2024-01-01T12', '2024-01-01T12:60', '2024-01-01T12:30:60'],
    ...['2024-01-01T12:30:59.', '2024-01-01T12:30:59.1234567890', '2024-01-01T12:30.5', '2024-01-01t12:30'],
    ...['2024-01-01T12:30+24:00', '2024-01-01T12:30+0100', '2024-01-01T12:30z', '2024-01-01  12:30', ' 2024-01-01'],
    ...['2024-01-01\n', '２０２４-01-01'],
  ])('is not %j', (text) => {
    expect(parseTimestamp(text)).toBeNaN();
  });

  it('is what its pattern matches, but for days that a month does not have', () => {
    const digits = fc.stringMatching(/^[0-3]\d$/);
    const parts = fc.tuple(
      ...[fc.stringMatching(/^[012]\d{3}$/), fc.constantFrom('-', '/'), digits, fc.constantFrom('-', ''), digits],
      ...[fc.constantFrom('', 'T', ' ', 't'), digits, fc.constantFrom(':', ''), fc.stringMatching(/^[0-6]\d$/)],
      ...[fc.stringMatching(/^(|:[0-6]\d(\.\d{0,10})?)$/), fc.stringMatching(/^(|Z|z|[+-][0-2]\d:?[0-6]\d)$/)],
    );
    fc.assert(
      fc.property(parts, fc.nat({ max: 11 }), (text, kept) => {
        const written = text.slice(0, kept === 11 ? 5 : kept).join('') + (kept === 11 ? text.slice(5).join('') : '');
        const [, year, month, day] = timestampPattern.exec(written) ?? [];
        const real = Number(day) <= new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
        return Number.isNaN(parseTimestamp(written)) === !real;
      }),
      { numRuns: 3_000 },
    );
  });
});
