import { describe, expect, it } from '@jest/globals';
import { encodePredictionId, epochCheck } from '#libs/contracts/index.js';
import fc from 'fast-check';
import { predictionIds, rowId } from './prediction-ids.js';

describe('predictionIds', () => {
  it('are those of the contract, for every sequence and row', () => {
    const epoch = '01900000-0000-7000-8000-000000000001';
    const ids = predictionIds(epoch);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 2 ** 16 - 1 }), (seq, row) => {
        expect(rowId(ids(seq), row)).toBe(encodePredictionId({ seq, row, check: epochCheck(epoch) }));
      }),
    );
  });
});
