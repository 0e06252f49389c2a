import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { CalibrationPremise, premiseTolerance, type PremiseState } from './calibration-premise.js';

/** A label that comes true as its probability says, or as `truth` has it. */
function observeOne(premise: CalibrationPremise, random: Random, truth = (share: number) => share): void {
  const share = random.float() ** 2;
  premise.observe(share, random.float() < truth(share));
}

/** Labels until the premise is withdrawn, at most so many. */
function labelsUntilWithdrawn(premise: CalibrationPremise, most: number, observe: () => void): number {
  for (let label = 1; label <= most; label++) {
    observe();
    if (premise.verdict().withdrawn) return label;
  }
  return Infinity;
}

describe('the premise of calibration', () => {
  it('holds where probabilities are right: at most one false withdrawal in twenty, looked at after every label', () => {
    const runs = 100;
    let withdrawn = 0;
    for (let run = 0; run < runs; run++) {
      const random = new Random(run, 1);
      // The smallest tolerance there is: nothing but the test itself keeps the rate.
      const premise = new CalibrationPremise({ tolerance: 0.001 });
      for (let label = 0; label < 400; label++) observeOne(premise, random);
      if (premise.verdict().withdrawn) withdrawn++;
    }
    expect(withdrawn / runs).toBeLessThanOrEqual(0.05);
  });

  it('holds where they are off by less than the tolerance, however long', () => {
    const random = new Random(2);
    const premise = new CalibrationPremise({ tolerance: 0.03 });
    for (let label = 0; label < 20_000; label++) observeOne(premise, random, (share) => Math.min(share + 0.02, 1));
    expect(premise.verdict()).toMatchObject({ withdrawn: false, labels: 20_000, threshold: 20 });
  });

  it('falls within some tens of labels of a concept turned round, at once or after thousands of good labels', () => {
    for (const before of [0, 3000]) {
      const delays = Array.from({ length: 10 }, (_, run) => {
        const random = new Random(run, 3);
        const premise = new CalibrationPremise({ tolerance: 0.02 });
        for (let label = 0; label < before; label++) observeOne(premise, random);
        return labelsUntilWithdrawn(premise, 500, () => {
          observeOne(premise, random, (share) => 1 - share);
        });
      });
      expect(Math.max(...delays)).toBeLessThan(before === 0 ? 60 : 100);
    }
  });

  it('falls where what is expected comes more often, or is less sure than said', () => {
    const shifted = (share: number) => share + 0.15 * (1 - share);
    const unsure = (share: number) => 0.5 + (share - 0.5) / 2;
    for (const truth of [shifted, unsure]) {
      const random = new Random(4);
      const premise = new CalibrationPremise();
      expect(
        labelsUntilWithdrawn(premise, 3000, () => {
          observeOne(premise, random, truth);
        }),
      ).toBeLessThan(3000);
    }
  });

  it('keeps the evidence it was withdrawn on', () => {
    const premise = new CalibrationPremise({ tolerance: premiseTolerance(5000) });
    for (let label = 0; label < 10; label++) premise.observe(0.9, false);
    expect(premise.verdict()).toMatchObject({ withdrawn: true, labels: 3, observed: 0 });
    expect(premise.verdict().eValue).toBeCloseTo(47.0, 1);
    expect(premise.verdict().expected).toBeCloseTo(0.9, 12);
  });

  it('goes on where it was written, to the last bit', () => {
    const random = new Random(5);
    const premise = new CalibrationPremise();
    for (let label = 0; label < 50; label++) observeOne(premise, random);
    const restored = CalibrationPremise.fromJSON(JSON.parse(JSON.stringify(premise)) as PremiseState);
    for (const [share, happened] of [[0.2, true] as const, [0.7, false] as const]) {
      premise.observe(share, happened);
      restored.observe(share, happened);
    }
    expect(restored.toJSON()).toEqual(premise.toJSON());
    const other = { ...premise.toJSON(), version: 2 } as unknown as PremiseState;
    expect(() => CalibrationPremise.fromJSON(other)).toThrow('expected calibration_premise of version 1');
  });

  it('says nothing without labels, and refuses what is none', () => {
    const premise = new CalibrationPremise();
    expect(premise.verdict()).toEqual({
      ...{ withdrawn: false, eValue: 1, threshold: 20, labels: 0, observed: null, expected: null },
    });
    expect(() => {
      premise.observe(1.2, true);
    }).toThrow('probability: expected 0 to 1, got 1.2');
    expect(() => new CalibrationPremise({ alpha: 0 })).toThrow('alpha: expected between 0 and 1, got 0');
    expect(() => new CalibrationPremise({ tolerance: 0 })).toThrow('tolerance: expected 0.001 to less than 0.5, got 0');
    expect(premiseTolerance(5000)).toBeCloseTo(0.0212, 4);
    expect(premiseTolerance(1e6)).toBe(0.01);
  });
});
