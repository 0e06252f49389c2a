import { describe, expect, it } from '@jest/globals';
import { calibratedPolicy, evidentlyPolicy, type DriftPolicy } from '#libs/statistics/index.js';
import { falseAlarms, falseAlarmsOfDistances, foundWithinTwo, type FalseAlarms, type Scale } from './calibration.js';
import { categoricalColumn, normalColumn } from './columns.js';

/** 200 columns, a year of daily windows, 200 times: 14.6 million tests for each kind of column. */
const full: Scale = { columns: 200, windows: 365, repetitions: 200, referenceRows: 5000, windowRows: 1000 };

/** At most 8 % with an alarm, where at most 5 % are expected. */
const mostAlarms = 16;

/** The policy, and beside it, to look at, what its p-values alone would do. */
const policies = [calibratedPolicy(), calibratedPolicy({ effect: 0 })];

describe('without drift, repetitions with any data set alarm', () => {
  it('numeric columns', () => {
    const [calibrated, withoutBar] = falseAlarmsOfDistances(policies, full, 1);
    report('numeric, calibrated', calibrated!, full);
    report('numeric, calibrated, no effect bar', withoutBar!, full);
    expect(calibrated!.repetitions).toBeLessThanOrEqual(mostAlarms);
  });

  it('categorical columns', () => {
    const [calibrated, withoutBar] = falseAlarms(policies, categoricalColumn, full, 2);
    report('categorical, calibrated', calibrated!, full);
    report('categorical, calibrated, no effect bar', withoutBar!, full);
    expect(calibrated!.repetitions).toBeLessThanOrEqual(mostAlarms);
  });

  it('small windows, which the effect bar keeps quiet least', () => {
    const scale = { ...full, referenceRows: 1000, windowRows: 200 };
    const [numeric] = falseAlarmsOfDistances(policies, scale, 3);
    report('numeric, 200 rows against 1,000', numeric!, scale);
    expect(numeric!.repetitions).toBeLessThanOrEqual(mostAlarms);
  });

  it('Evidently’s defaults beside, of fewer windows', () => {
    const scale = { ...full, windows: 5, repetitions: 2 };
    for (const [kind, make] of [
      ['normal', normalColumn],
      ['categorical', categoricalColumn],
    ] as const) {
      for (const referenceRows of [1000, 5000]) {
        const [evidently] = falseAlarms([evidentlyPolicy()], make, { ...scale, referenceRows }, 4);
        report(`${kind}, evidently, reference ${referenceRows}`, evidently!, scale);
      }
    }
  });
});

describe('with 10 of 200 columns drifting, repetitions that find it within two windows', () => {
  const policy: DriftPolicy = calibratedPolicy();
  it.each([
    ['shifted by half a standard deviation', 1, normalColumn],
    ['shifted by half a standard deviation', 300, normalColumn],
    ['a fifth of rows in another category', 1, categoricalColumn],
    ['a fifth of rows in another category', 300, categoricalColumn],
  ])('%s, from window %d', (drift, first, make) => {
    const share = foundWithinTwo(policy, make, { ...full, repetitions: 50, drifted: 10, first }, 5);
    process.stdout.write(`${drift}, from window ${first}: found in ${(share * 100).toFixed(0)} %\n`);
    expect(share).toBeGreaterThanOrEqual(0.9);
  });
});

function report(what: string, counted: FalseAlarms, { columns, windows, repetitions }: Scale): void {
  const all = windows * repetitions;
  const share = (count: number, of: number) => `${((100 * count) / of).toPrecision(2)} %`;
  const windowsIn = `${share(counted.windows, all)} of windows`;
  const columnsIn = `${share(counted.windowsWithColumns, all)} of windows, ${share(counted.columns, all * columns)} of columns`;
  const line = `data set alarm in ${counted.repetitions} of ${repetitions} repetitions, ${windowsIn}; a column in ${columnsIn}`;
  process.stdout.write(`${what}: ${line}\n`);
}
