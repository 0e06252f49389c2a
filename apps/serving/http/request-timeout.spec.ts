import { describe, expect, it } from '@jest/globals';
import { requestTimeout } from './request-timeout.js';

const timeoutOf = (text: string | string[] | undefined) =>
  requestTimeout({ headers: text === undefined ? {} : { 'x-request-timeout-ms': text } });

describe('X-Request-Timeout-Ms', () => {
  it('left out: the caller waits', () => {
    expect(timeoutOf(undefined)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['1', 1],
    ['250', 250],
    ['0.5', 0.5],
    ['1500.25', 1500.25],
    ['999999999999999', 999_999_999_999_999],
  ])('%s', (text, milliseconds) => {
    expect(timeoutOf(text)).toBe(milliseconds);
  });

  it.each(['0', '0.0', '-1', '', ' 5', '1e3', '0x10', '.5', '5.', 'soon', 'Infinity', 'NaN', '1, 2', '9'.repeat(400)])(
    'is not to be read: %j',
    (text) => {
      expect(timeoutOf(text)).toBeNull();
    },
  );

  it('is not to be read when it is there twice', () => {
    expect(timeoutOf(['1', '2'])).toBeNull();
  });
});
