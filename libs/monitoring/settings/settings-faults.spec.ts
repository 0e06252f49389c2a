import { describe, expect, it } from '@jest/globals';
import { monitoringConfig } from '#libs/contracts/index.js';
import { settingsFaults } from './settings-faults.js';

const faultsOf = (monitoring: unknown) =>
  settingsFaults(monitoringConfig.parse({ monitoring })).map(({ path, detail }) => `${path}: ${detail}`);

describe('settingsFaults', () => {
  it('takes the defaults, and what can be judged by', () => {
    expect(faultsOf({})).toEqual([]);
    expect(
      faultsOf({
        drift_detection: { tests: { age: 'wasserstein' }, thresholds: { age: 0.2 }, policy: 'evidently' },
        performance: { metrics: { f1: { min: 0.5, max: 0.5 }, mae: { max: 3 } } },
        concept_drift: { detectors: { ddm: { drift_threshold: 2.5 }, page_hinkley: {} } },
        deployments: { nightly: { drift_detection: { window_size: null, window_seconds: 3600 } } },
      }),
    ).toEqual([]);
  });

  it('tells of every test, threshold, detector and bound that there is none such', () => {
    const faults = faultsOf({
      drift_detection: { tests: { a: 'wassersteinn' }, thresholds: { a: -5 } },
      performance: { metrics: { f11: { min: 0.9 }, f1: { min: 0.9, max: 0.1 } } },
      concept_drift: { detectors: { adwinn: {}, adwin: { delta: 7, dalta: 1 } } },
    });
    expect(faults).toEqual([
      expect.stringMatching(
        /^monitoring\.drift_detection\.tests\.a: expected one of ks, g_test, .*, mmd, got "wassersteinn"$/,
      ),
      'monitoring.drift_detection.thresholds.a: expected from 0 to 1, got -5',
      expect.stringMatching(/^monitoring\.performance\.metrics\.f11: expected one of accuracy, .*, r2$/),
      'monitoring.performance.metrics.f1: expected min of at most max, found min 0.9 and max 0.1',
      "monitoring.concept_drift.detectors.adwinn: there is no 'adwinn'; near: adwin",
      'monitoring.concept_drift.detectors.adwin: delta: expected a number above 0 to 1, got 7; dalta: no such parameter; near: delta',
    ]);
  });

  it('refuses windows that would never end, or never be enough, of all or of one deployment', () => {
    expect(faultsOf({ drift_detection: { window_size: null } })).toEqual([
      'monitoring.drift_detection.window_size: expected window_size, window_seconds or both: no window would end',
    ]);
    expect(faultsOf({ deployments: { churn: { drift_detection: { window_size: 20 } } } })).toEqual([
      'monitoring.deployments.churn.drift_detection.min_rows: expected at most window_size (20), found 100',
    ]);
  });

  it('tells once what all deployments have of the common settings', () => {
    expect(
      faultsOf({
        drift_detection: { tests: { a: 'nothing' } },
        deployments: { churn: { quality: { constant: false } }, price: { drift_detection: { thresholds: { a: 2 } } } },
      }),
    ).toHaveLength(2);
  });
});
