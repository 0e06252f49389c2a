import { describe, expect, it } from '@jest/globals';
import { compare, renderComparisons } from './quality.js';

const named = { dataset: 'wine', learner: 'random_forest', metric: 'accuracy' };

describe('compare', () => {
  it('pairs the splits, and allows two standard deviations of theirs', () => {
    const compared = compare({ ...named, ours: [0.8, 0.9, 0.85], theirs: [0.85, 0.95, 0.9] });
    expect(compared.our.mean).toBeCloseTo(0.85, 12);
    expect(compared.their.sd).toBeCloseTo(0.05, 12);
    expect(compared.difference.mean).toBeCloseTo(-0.05, 12);
    expect(compared.difference.sd).toBeCloseTo(0, 12);
    expect(compared.allowance).toBeCloseTo(0.1, 12);
    expect(compared.holds).toBe(true);
  });

  it('allows half a point where the splits hardly differ, and no more', () => {
    expect(compare({ ...named, ours: [0.896, 0.896], theirs: [0.9, 0.9] })).toMatchObject({
      allowance: 0.005,
      holds: true,
    });
    expect(compare({ ...named, ours: [0.894, 0.894], theirs: [0.9, 0.9] }).holds).toBe(false);
  });

  it('holds nothing of a metric that is not defined', () => {
    expect(compare({ ...named, ours: [NaN, 0.9], theirs: [0.9, 0.9] }).holds).toBe(false);
  });

  it('refuses other splits', () => {
    expect(() => compare({ ...named, ours: [0.9, 0.9], theirs: [0.9] })).toThrow('got 2 and 1');
  });
});

describe('renderComparisons', () => {
  it('says of every row whether it holds', () => {
    const good = compare({ ...named, ours: [0.92, 0.92], theirs: [0.9, 0.9] });
    const bad = compare({ ...named, metric: 'roc_auc', ours: [0.8, 0.82], theirs: [0.9, 0.9] });
    expect(renderComparisons([good, bad])).toBe(
      [
        'data set  learner        metric    ours             scikit-learn     difference        may lack  holds',
        'wine      random_forest  accuracy  0.9200 ± 0.0000  0.9000 ± 0.0000  +0.0200 ± 0.0000  0.0050    yes',
        'wine      random_forest  roc_auc   0.8100 ± 0.0141  0.9000 ± 0.0000  -0.0900 ± 0.0141  0.0050    NO',
        '1 of 2 hold',
      ].join('\n'),
    );
  });
});
