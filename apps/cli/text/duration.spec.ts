import { expect, it } from '@jest/globals';
import { secondsIn } from './duration.js';

it.each([
  ['90s', 90],
  ['30m', 1_800],
  ['12h', 43_200],
  ['3650d', 315_360_000],
])('%s is %d seconds', (text, seconds) => {
  expect(secondsIn(text)).toBe(seconds);
});

it.each(['', '12', 'h', '0s', '-1h', '1.5h', '1 h', '12H', '1w', '3651d', '9999999999s'])(
  '%p is no duration',
  (text) => {
    expect(secondsIn(text)).toBeUndefined();
  },
);
