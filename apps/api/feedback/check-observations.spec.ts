import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { checkObservations, refusalOf } from './check-observations.js';
import type { ResolvedPrediction } from './resolve-predictions.js';

const now = '2026-11-23T12:00:00.000Z';
const at = (index: number, member: string): string => `items.${index}.${member}`;
const prediction = (changed: Partial<ResolvedPrediction> = {}): ResolvedPrediction => ({
  ...{
    deployment: 'd',
    traffic_seq: 3,
    epoch: 'e',
    counter: 1,
    row: 0,
    model: 'm',
    version: '1.0.0',
    predicted_at: now,
  },
  ...{ predicted: { label: 1 }, outcome: 'served', code: null, labelType: 'integer' },
  ...changed,
});
const item = (changed: Partial<api.Observation> = {}): api.Observation => ({
  ...{ prediction_id: 'p', label: 1 },
  ...changed,
});

describe('checkObservations', () => {
  it('writes moments in UTC; now where none is named', () => {
    const items = [item(), item({ observed_at: '2026-11-23T13:30:00.1234+02:00' })];
    const { observed, faults } = checkObservations(items, [prediction(), prediction()], at, now);
    expect(faults).toEqual([]);
    expect(observed.map(({ observed_at }) => observed_at)).toEqual([now, '2026-11-23T11:30:00.123Z']);
  });

  it('leaves out what is unknown, whatever its label', () => {
    const items = [item({ label: 'no class' }), item()];
    expect(checkObservations(items, [undefined, prediction()], at, now)).toMatchObject({
      ...{ faults: [], observed: [{ index: 1 }] },
    });
  });

  it('names each item that cannot be, and what was expected', () => {
    const items = [
      item({ label: 'cat' }),
      item({ observed_at: '2026-11-23T12:05:00.001Z' }),
      item(),
      item(),
      item({ observed_at: '2026-11-23T12:05:00.000Z' }),
    ];
    const resolved = [
      prediction(),
      undefined,
      prediction({ predicted: null, outcome: 'refused', code: 'missing_feature' }),
      prediction({ predicted: null, outcome: 'failed', code: 'model_failed' }),
      prediction(),
    ];
    const { faults } = checkObservations(items, resolved, at, now);
    expect(faults.map(({ path }) => path)).toEqual([
      'items.0.label',
      'items.1.observed_at',
      'items.2.prediction_id',
      'items.3.prediction_id',
    ]);
    expect(faults[2]!.message).toContain('was refused (missing_feature)');
    const { code, detail } = refusalOf(faults);
    expect(code).toBe('invalid_request');
    expect(detail).toMatch(/^items\.0\.label: expected a whole number.*; and 1 more$/);
  });

  it('lists the first hundred of them', () => {
    const faults = Array.from({ length: 10_000 }, (_, index) => ({ path: `items.${index}.label`, message: 'wrong' }));
    expect(refusalOf(faults).errors).toHaveLength(100);
  });
});
