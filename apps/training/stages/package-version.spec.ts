import { describe, expect, it } from '@jest/globals';
import { trainingGate } from '#libs/contracts/index.js';
import { failedGates } from './package-version.js';

const measured = { metrics: { roc_auc: 0.9, accuracy: 0.8, rmse: 2 }, worse_than_champion: null };
const gate = (given: object) => trainingGate.parse(given);

describe('the gate', () => {
  it('lets through what keeps every bound, and says each that is not kept', () => {
    expect(failedGates(gate({}), measured)).toEqual([]);
    expect(failedGates(gate({ min_auc: 0.9, max_rmse: 2, metrics: { accuracy: { max: 0.8 } } }), measured)).toEqual([]);
    expect(failedGates(gate({ min_auc: 0.95, min_accuracy: 0.85, max_rmse: 1 }), measured)).toEqual([
      'roc_auc is 0.9: expected at least 0.95',
      'accuracy is 0.8: expected at least 0.85',
      'rmse is 2: expected at most 1',
    ]);
  });

  it('does not take a metric that was not measured for one that is kept', () => {
    expect(failedGates(gate({ min_r2: 0, metrics: { constructor: { min: 0 } } }), measured)).toEqual([
      'constructor was not measured',
      'r2 was not measured',
    ]);
  });

  it('asks for the comparison with a champion where it is told to', () => {
    const compared = gate({ not_worse_than_champion: true });
    expect(failedGates(compared, measured)).toEqual([]);
    expect(failedGates(compared, { ...measured, worse_than_champion: false })).toEqual([]);
    expect(failedGates(compared, { ...measured, worse_than_champion: true })).toEqual([
      'it is worse than the champion',
    ]);
    expect(failedGates(gate({}), { ...measured, worse_than_champion: true })).toEqual([]);
    expect(failedGates(compared, { ...measured, champion_not_compared: 'no column' })).toEqual([
      'it cannot be compared with the champion: no column',
    ]);
  });
});
