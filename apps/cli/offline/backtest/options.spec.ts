import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { CommandFailed } from '../../errors.js';
import type { BacktestFlags } from './flags.js';
import { requestOf } from './options.js';

const none: BacktestFlags = { deployment: 'churn', detector: [], set: [], fresh: false };

const fileOf = (content: string): string => {
  const file = join(makeFolder('backtest-options'), 'given.txt');
  writeFileSync(file, content);
  return file;
};

describe('what a backtest is asked for', () => {
  it('is the monitor where no detector is named, and both where settings are given beside one', () => {
    expect(requestOf(none)).toEqual({
      ...{ deployment: 'churn', version: null, detectors: [], monitor: [], conditions: null },
      ...{ from: null, to: null, fresh: false, changePoints: [], within: null, labels: null },
    });
    const detector = ['ddm:warm_start=50,drift_threshold=2.5'];
    expect(requestOf({ ...none, detector })).toMatchObject({
      monitor: null,
      detectors: [{ name: 'ddm', parameters: { warm_start: 50, drift_threshold: 2.5 } }],
    });
    expect(requestOf({ ...none, detector, window: '500', reference: '3' })).toMatchObject({
      conditions: ['data_drift/'],
      monitor: [
        { part: 'drift_detection', key: 'window_size', value: 500 },
        { part: 'drift_detection', key: 'reference', value: { window: 3 } },
      ],
    });
  });

  it('has moments and samples in a list or a file, labels in a file', () => {
    const points = fileOf('12\n2026-05-01, traffic:7\n');
    const expected = [
      { kind: 'sample', index: 12 },
      { kind: 'time', time: Date.UTC(2026, 4, 1) },
      { kind: 'traffic', seq: 7 },
    ];
    for (const changePoints of [points, '12,2026-05-01,traffic:7'])
      expect(requestOf({ ...none, changePoints, within: '9' })).toMatchObject({ changePoints: expected, within: 9 });
    const labels = fileOf('prediction_id,label\r\nAAAAAAABAAAAAAAA,no\r\nAAAAAAABAAAAAAAB,"a ""b"""\n');
    expect([...requestOf({ ...none, labels }).labels!]).toEqual([
      ['AAAAAAABAAAAAAAA', 'no'],
      ['AAAAAAABAAAAAAAB', 'a "b"'],
    ]);
  });

  const refused: readonly (readonly [Partial<BacktestFlags>, string])[] = [
    [{ deployment: '' }, "--deployment '': "],
    [{ detector: ['adwin:'] }, "--detector adwin:: expected <name>:<parameter>=<value>,…, got ''"],
    [{ detector: ['adwin:delta=0.1,delta=0.2'] }, '--detector adwin:delta=0.1,delta=0.2: delta: expected it once'],
    [{ detector: ['adwin:delta=1e999'] }, '--detector adwin:delta=1e999: adwin: delta: expected a number above 0 to 1'],
    [{ detector: ['adwin:__proto__=1'] }, '--detector adwin:__proto__=1: adwin: __proto__: no such parameter'],
    [{ detector: ['adwin:clock=1.5'] }, '--detector adwin:clock=1.5: adwin: clock: expected a whole number from 1'],
    [{ window: 'many' }, '--window many: Invalid input: expected number'],
    [{ windowSeconds: '1' }, '--window-seconds 1: Too small'],
    [{ reference: 'yesterday' }, '--reference yesterday: expected training or the number of a window'],
    [{ reference: '0' }, '--reference 0: expected training or the number of a window'],
    [{ metric: 'accuracy', min: '0.9', max: '0.1' }, '--min 0.9: expected at most --max 0.1'],
    [{ metric: 'accuracy', min: 'x' }, '--min x: expected a number'],
    [{ metric: 'latency_p95', min: '1' }, '--metric latency_p95: expected --max alone'],
    [
      { set: ['drift_detection.efect=1'] },
      "--set drift_detection.efect=1: drift_detection has no setting 'efect'; near: effect",
    ],
    [
      { set: ['performance.metrics={"f1":{"min":"a"}}'] },
      '--set performance.metrics={"f1":{"min":"a"}}: f1: min: Invalid input: expected number',
    ],
    [
      { set: ['concept_drift.detectors={"adwn":{}}'] },
      '--set concept_drift.detectors={"adwn":{}}: detector: there is no \'adwn\'; near: adwin',
    ],
    [{ set: ['drift_detection.tests={"a":"kss"}'] }, '--set drift_detection.tests={"a":"kss"}: test: expected one of '],
    [{ from: '2026-02-31' }, '--from 2026-02-31: expected seq:'],
    [{ from: '2026-02-31T00:00:00Z' }, '--from 2026-02-31T00:00:00Z: expected seq:'],
    [{ to: 'traffic:0' }, '--to traffic:0: expected seq:'],
    [{ fresh: true }, '--fresh: expected --from beside it'],
    [{ within: '5' }, '--within: expected --change-points beside it'],
    [{ within: '0', changePoints: '5' }, '--within 0: expected a whole number from 1'],
    [{ changePoints: ' ,' }, '--change-points  ,: expected samples from 0'],
    [{ changePoints: '5,-1' }, '--change-points 5,-1: expected samples from 0 or moments'],
  ];
  it.each(refused)('is refused with %j, and the flag named', (flags, message) => {
    expect(() => requestOf({ ...none, ...flags })).toThrow(CommandFailed);
    expect(() => requestOf({ ...none, ...flags })).toThrow(message);
  });

  it.each([
    ['AAAAAAABAAAAAAAA', 'line 1: expected prediction_id,label'],
    ['prediction_id,label\nAAAAAAABAAAAAAAA,no,yes', 'line 2: expected prediction_id,label'],
    ['prediction_id,label\n', 'expected at least one prediction_id,label'],
  ])('names the line of a file of labels that is none: %j', (content, message) => {
    expect(() => requestOf({ ...none, labels: fileOf(content) })).toThrow(message);
  });
});
