import { describe, expect, it } from '@jest/globals';
import { encodePredictionId, epochCheck } from '#libs/contracts/index.js';
import { placeOf } from './prediction-place.js';

describe('placeOf', () => {
  it('reads what an acknowledged prediction was answered with', () => {
    const place = { seq: 2 ** 40 + 7, row: 65_535, check: epochCheck('an-epoch') };
    expect(placeOf(encodePredictionId(place))).toEqual({ by: 'sequence', ...place });
  });

  it('reads what an unacknowledged prediction was answered with', () => {
    const epoch = '0199a1b2-0000-7000-8000-000000000001';
    expect(placeOf(`u.${epoch}.12.3`)).toEqual({ by: 'identity', epoch, counter: 12, row: 3 });
  });

  it.each(['', 'x', 'u.', 'u.e.0.1', 'u.e.1.65536', 'u.e.01.1', 'u.e.1.1.1', 'AAAAAAAAAAAAAAAA', '../../../etc/pass'])(
    'knows nothing at %p',
    (id) => {
      expect(placeOf(id)).toBeUndefined();
    },
  );
});
