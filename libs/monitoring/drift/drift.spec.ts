import { describe, expect, it } from '@jest/globals';
import type { MonitoringSettings } from '#libs/contracts/index.js';
import type { MonitorContext } from '../contract.js';
import { DeploymentMonitor } from '../monitor.js';
import {
  applyAll,
  chunkFacts,
  chunkOf,
  contextOf,
  deployment,
  findingsIn,
  settingsOf,
  windowsIn,
} from '../testing/messages.js';
import { normals, uniforms } from '../testing/numbers.js';
import { rowsOf, usualReference } from '../testing/usual-rows.js';

const context = (settings: MonitoringSettings): MonitorContext => contextOf(settings, { '1.0.0': usualReference });

describe('drift', () => {
  const settings = settingsOf({ drift_detection: { window_size: 500 } });
  const chunks = (means: readonly number[]) =>
    chunkFacts(means.map((mean, index) => chunkOf(rowsOf(500, index + 1, mean), { counter: index + 1 })));

  it('is found where rows are shifted, once, and is over once', () => {
    const outputs = applyAll(new DeploymentMonitor(deployment), chunks([0, 0, 0.5, 0.5, 0, 0, 0]), context(settings));
    const windows = windowsIn(outputs);
    expect(windows.map(({ drift }) => drift[0]!.drifted)).toEqual([false, false, true, true, false, false, false]);
    expect(findingsIn(outputs).map(({ type, data }) => [type, data.window])).toEqual([
      ['DataDriftDetected', 3],
      ['DataDriftCleared', 6],
    ]);
    const [found, cleared] = findingsIn(outputs);
    expect(found!.data).toMatchObject({
      condition: 'data_drift/features',
      scope: 'features',
      drifted: 1,
      compared: 3,
      columns: [{ column: 'age', test: 'ks' }],
      inputs: { first: { seq: 3, row: 0 }, last: { seq: 3, row: 499 }, rows: 500, sampled: 500 },
      reference: { kind: 'training' },
    });
    expect(
      'finding_id' in cleared!.data &&
        'finding_id' in found!.data &&
        cleared!.data.finding_id === found!.data.finding_id,
    ).toBe(true);
    expect(windows.map(({ open }) => open)).toEqual([
      [],
      [],
      ...Array.from({ length: 3 }, () => ['data_drift/features']),
      [],
      [],
    ]);
  });

  it('is not found in thirty windows of rows like the reference', () => {
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunks(Array.from({ length: 30 }, () => 0)),
      context(settings),
    );
    expect(findingsIn(outputs).filter(({ type }) => type === 'DataDriftDetected')).toEqual([]);
    expect(windowsIn(outputs).every(({ drift }) => drift.every(({ drifted }) => drifted === false))).toBe(true);
  });

  it('is told after as many windows in a row as the settings say', () => {
    const patient = settingsOf({ drift_detection: { window_size: 500, raise_after: 2, clear_after: 1 } });
    const outputs = applyAll(new DeploymentMonitor(deployment), chunks([0, 1, 0, 1, 1, 1, 0]), context(patient));
    expect(findingsIn(outputs).map(({ type, data }) => [type, data.window])).toEqual([
      ['DataDriftDetected', 5],
      ['DataDriftCleared', 7],
    ]);
  });

  it('of answers is found by itself', () => {
    const answers = (shift: number, counter: number) =>
      chunkOf({ ...rowsOf(500, counter), probability: uniforms(500, counter).map((p) => p ** shift) }, { counter });
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunkFacts([answers(1, 1), answers(3, 2)]),
      context(settings),
    );
    expect(findingsIn(outputs).map(({ data }) => 'scope' in data && data.scope)).toEqual(['predictions']);
    expect(windowsIn(outputs)[1]!.drift[1]!.columns.map(({ column, drifted }) => [column, drifted])).toEqual([
      ['label', true],
      ['probabilities.no', true],
      ['probabilities.yes', true],
    ]);
  });

  it('against a window of its own begins with the next one', () => {
    const own = settingsOf({ drift_detection: { window_size: 500, reference: { window: 2 } } });
    const outputs = applyAll(new DeploymentMonitor(deployment), chunks([0, 2, 2, 0]), context(own));
    expect(windowsIn(outputs).map(({ reference, drift }) => [reference, drift[0]?.drifted])).toEqual([
      [null, undefined],
      [null, undefined],
      [{ kind: 'window', number: 2 }, false],
      [{ kind: 'window', number: 2 }, true],
    ]);
    expect(windowsIn(outputs)[0]!.notes[0]).toMatch(/window 2 of the version is to be the reference/);
    expect(findingsIn(outputs).map(({ type }) => type)).toEqual(['DataDriftDetected']);
  });

  it('of columns together is found where each by itself is as before', () => {
    const together = settingsOf({
      drift_detection: { window_size: 1000, multivariate: 'pca', reference: { window: 1 } },
    });
    const correlated = (sign: number, counter: number) => {
      const [x, noise] = [normals(1000, counter), normals(1000, counter + 50)];
      return chunkOf({ features: { x, y: x.map((each, row) => sign * each + 0.1 * noise[row]!) } }, { counter });
    };
    const facts = chunkFacts([correlated(1, 1), correlated(1, 2), correlated(-1, 3)]);
    const outputs = applyAll(new DeploymentMonitor(deployment), facts, contextOf(together, {}));
    expect(findingsIn(outputs).map(({ type, data }) => [type, 'scope' in data && data.scope, data.window])).toEqual([
      ['DataDriftDetected', 'multivariate', 3],
    ]);
  });

  it('is not judged, and said not to be, where the settings name a test that does not fit', () => {
    const odd = settingsOf({ drift_detection: { window_size: 500, tests: { plan: 'ks' } } });
    const [window] = windowsIn(applyAll(new DeploymentMonitor(deployment), chunks([1]), context(odd)));
    expect(window!.drift[0]).toMatchObject({ drifted: true, compared_columns: 2 });
    expect(window!.notes).toEqual([expect.stringMatching(/^drift of 'plan' is not judged: tests.plan: expected/)]);
    const none = settingsOf({ drift_detection: { window_size: 500, tests: { plan: 'nothing' } } });
    const [other] = windowsIn(applyAll(new DeploymentMonitor(deployment), chunks([1]), context(none)));
    expect(other!.drift).toEqual([]);
    expect(other!.notes[0]).toMatch(/^drift is not judged: tests.plan: expected one of/);
  });
});
