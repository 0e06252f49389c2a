import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { CommandFailed } from '../../errors.js';
import type { GivenChange } from './change-places.js';
import { DetectorPass, type Versions } from './detector-pass.js';

const signature: Signature = {
  ...{ inputs: [], features: [], classes: ['no', 'yes'] },
  outputs: [{ name: 'label', type: 'string', shape: [null], role: 'label' }],
};
const versions: Versions = { versionOf: () => ({ signature, reference: { missing: 'none' } }) };

/** 3,000 labels, 100 a message, a minute apart: 20 are wrong from the 500th on, and 200 from the 1,000th on. */
const isWrong = (sample: number): boolean => (sample >= 500 && sample < 520) || (sample >= 1000 && sample < 1200);
const minute = 60_000;
const timeOf = (message: number): number => Date.UTC(2026, 0, 1) + message * minute;

/** @param toldFrom the first of the messages that are in the span */
function passed(changes: readonly GivenChange[], toldFrom = 0): DetectorPass {
  const wanted = [{ text: 'ddm', name: 'ddm', parameters: {} }];
  const pass = new DetectorPass(wanted, null, changes);
  for (let message = 0; message < 30; message++) {
    const rows = Array.from({ length: 100 }, (_, row) => ({
      ...{ traffic_seq: 2 * message + 1, row, model: 'm', version: '1.0.0', label: 'yes' },
      predicted: { label: isWrong(100 * message + row) ? 'no' : 'yes' },
    }));
    const seq = 2 * message + 2;
    pass.take({ seq, logTime: timeOf(message), labels: { rows } }, message >= toldFrom, versions);
  }
  return pass;
}

const sample = (index: number): GivenChange => ({ point: { kind: 'sample', index, text: `${index}` }, at: index });
const moment = (time: number): GivenChange => ({
  point: { kind: 'time', time, text: new Date(time).toISOString() },
  at: { seq: 1, time },
});
const place = (seq: number): GivenChange => ({
  point: { kind: 'traffic', seq, text: `traffic:${seq}` },
  at: { seq, time: -Infinity },
});

describe('detectors over recorded labels', () => {
  // Right from the first sample on ddm has p = s = 0, so that any error behind its warm start is beyond 3 s: it alarms at 500,
  // which is false, and begins anew. With 20 errors behind it, it takes some of the 200 until it alarms again.
  it('are scored by the definitions: the first alarm of an episode, false ones per 10,000 samples outside', () => {
    const [report] = passed([sample(1000)]).reports(null);
    const { alarms, score, samples } = report!;
    expect(samples).toBe(3000);
    expect(alarms).toHaveLength(2);
    expect(alarms[0]).toMatchObject({ index: 500, label: { seq: 12, row: 0 }, at: new Date(timeOf(5)).toISOString() });
    const found = alarms[1]!.index;
    expect(found).toBeGreaterThan(1000);
    expect(found).toBeLessThan(1200);
    // Half of the 2,000 samples behind the change are its episode; 2,000 samples are outside of it.
    expect(score).toEqual({
      ...{ samples: 3000, alarms: 2, false_alarms: 1, repeated: 0, recall: 1, precision: 0.5 },
      episodes: [{ change: 1000, end: 2000, found, delay: found - 1000 }],
      ...{ mean_delay: found - 1000, false_alarms_per_10000: 5, mean_time_between_false_alarms: 2000 },
      mean_time_ratio: 2000 / (found - 1000),
    });
  });

  it('find nothing of a change that nothing tells, and count what is outside as false', () => {
    const [report] = passed([sample(100), sample(2000)]).reports(50);
    expect(report!.score).toMatchObject({
      episodes: [
        { change: 100, end: 150, found: null },
        { change: 2000, end: 2050, found: null },
      ],
      ...{ recall: 0, precision: 0, mean_delay: null, false_alarms: 2, false_alarms_per_10000: 20_000 / 2900 },
    });
  });

  it('take a moment for the first sample at or behind it', () => {
    for (const change of [moment(timeOf(10)), moment(timeOf(9) + 1), place(22), place(21)])
      expect(passed([change]).reports(null)[0]!.score.episodes).toMatchObject([{ change: 1000 }]);
    // From the span's beginning on.
    expect(passed([moment(timeOf(10))], 4).reports(null)[0]).toMatchObject({
      samples: 2600,
      score: { episodes: [{ change: 600, end: 1600 }] },
    });
  });

  it.each([
    [moment(timeOf(30)), 0, 'is behind the 3000 labelled predictions of the span'],
    [sample(3000), 0, '3000 is behind the 3000 labelled predictions of the span'],
    [place(61), 0, 'traffic:61 is behind the 3000'],
    [moment(timeOf(2)), 4, 'is before the first of the 2600 labelled predictions of the span'],
    [place(3), 4, 'traffic:3 is before the first of the 2600'],
  ])('refuse a change that is outside: %#', (change, toldFrom, message) => {
    expect(() => passed([change], toldFrom).reports(null)).toThrow(CommandFailed);
    expect(() => passed([change], toldFrom).reports(null)).toThrow(message);
  });
});
