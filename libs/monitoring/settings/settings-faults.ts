import { monitoringOf, type MonitoringConfig, type MonitoringSettings } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { detectorFrom, driftPolicy, type DriftPolicyChoice } from '#libs/statistics/index.js';
import { choiceOf } from '../drift/policy-of.js';
import { classMetricNames, numberMetricNames } from '../labels/unmeasured-bounds.js';

/** A setting that the schema of the file takes, and that nothing could be judged by. */
export interface SettingsFault {
  /** `monitoring.drift_detection.tests.age`. */
  readonly path: string;
  /** What is wrong with it, and what was expected. */
  readonly detail: string;
}

/**
 * What a person is to be told before a configuration is recorded. The schema of what is recorded stays as wide as it was:
 * a replay reads what earlier releases took, and the monitor then tells beside each window what it could not do.
 */
export function settingsFaults(config: MonitoringConfig): SettingsFault[] {
  const { deployments, ...common } = config.monitoring;
  const ofAll = faultsOf(common, 'monitoring');
  const told = new Set(ofAll.map(keyOf));
  const ofOne = Object.keys(deployments).flatMap((name) =>
    faultsOf(monitoringOf(config, name), `monitoring.deployments.${name}`).filter((fault) => !told.has(keyOf(fault))),
  );
  return [...ofAll, ...ofOne].map(({ base, path, detail }) => ({ path: `${base}.${path}`, detail }));
}

interface Fault {
  readonly base: string;
  readonly path: string;
  readonly detail: string;
}

const keyOf = ({ path, detail }: Fault): string => `${path}: ${detail}`;

const faultsOf = (settings: MonitoringSettings, base: string): Fault[] =>
  [
    ...windowFaults(settings.drift_detection),
    ...policyFaults(settings.drift_detection),
    ...boundFaults(settings.performance.metrics),
    ...Object.entries(settings.concept_drift.detectors).flatMap(([name, parameters]) =>
      refused(`concept_drift.detectors.${name}`, [`${name}: `, 'detector: '], () => detectorFrom(name, parameters)),
    ),
  ].map((fault) => ({ base, ...fault }));

function windowFaults({ window_size, window_seconds, min_rows }: MonitoringSettings['drift_detection']) {
  if (window_size === null)
    return window_seconds === null
      ? [
          {
            path: 'drift_detection.window_size',
            detail: 'expected window_size, window_seconds or both: no window would end',
          },
        ]
      : [];
  return min_rows > window_size
    ? [{ path: 'drift_detection.min_rows', detail: `expected at most window_size (${window_size}), found ${min_rows}` }]
    : [];
}

/** Each test and threshold by itself, so that all that is wrong is told at once. */
function policyFaults(settings: MonitoringSettings['drift_detection']) {
  const plain = choiceOf({ ...settings, tests: {}, thresholds: {} });
  const tried = (path: string, choice: Partial<DriftPolicyChoice>) =>
    refused(`drift_detection.${path}`, [`${path}: `], () => driftPolicy({ ...plain, ...choice }));
  return [
    ...refused('drift_detection', [], () => driftPolicy(plain)),
    ...Object.entries(settings.tests).flatMap(([column, test]) =>
      tried(`tests.${column}`, { tests: { [column]: test } }),
    ),
    ...Object.entries(settings.thresholds).flatMap(([column, threshold]) =>
      tried(`thresholds.${column}`, { thresholds: { [column]: threshold } }),
    ),
  ];
}

const metricNames: readonly string[] = [...classMetricNames, ...numberMetricNames];

const boundFaults = (metrics: MonitoringSettings['performance']['metrics']) =>
  Object.entries(metrics).flatMap(([metric, { min, max }]) => {
    const path = `performance.metrics.${metric}`;
    if (!metricNames.includes(metric)) return [{ path, detail: `expected one of ${metricNames.join(', ')}` }];
    return min !== undefined && max !== undefined && min > max
      ? [{ path, detail: `expected min of at most max, found min ${min} and max ${max}` }]
      : [];
  });

/** @param said in front of the refusal, where the path says it already */
function refused(path: string, said: readonly string[], make: () => unknown) {
  try {
    make();
    return [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = messageOf(error);
    const prefix = said.find((each) => message.startsWith(each)) ?? '';
    return [{ path, detail: message.slice(prefix.length) }];
  }
}
