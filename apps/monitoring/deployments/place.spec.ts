import { expect, it } from '@jest/globals';
import { isAt, placeOf } from './place.js';

it('a place is an index below a count', () => {
  expect(placeOf('0/1')).toEqual({ index: 0, count: 1 });
  expect(placeOf('2/3')).toEqual({ index: 2, count: 3 });
  for (const text of ['1/1', '3/2', '0/0', '-1/2', '/2', '0.5/2', '0/2/4', 'x'])
    expect(() => placeOf(text)).toThrow(`MODELOG_MONITORING_PLACE is ${text}: expected an index below the count`);
});

it('each deployment falls to one place of a count, and all places have some', () => {
  for (const count of [1, 2, 3, 7]) {
    const places = Array.from({ length: 200 }, (_, name) =>
      Array.from({ length: count }, (_, index) => index).filter((index) =>
        isAt({ index, count }, `deployment ${name}`),
      ),
    );
    expect(places.every((found) => found.length === 1)).toBe(true);
    expect(new Set(places.flat()).size).toBe(count);
  }
});
