import type { MonitoringSettings } from '#libs/contracts/index.js';
import { driftPolicy, type DriftPolicy, type DriftPolicyChoice } from '#libs/statistics/index.js';

/** A policy, or why the settings make none. */
export type PolicyOfSettings = DriftPolicy | { readonly refused: string };

const policies = new WeakMap<MonitoringSettings['drift_detection'], PolicyOfSettings>();

/** Settings come from a file: what is wrong with them is told beside the windows, which go on. */
export function policyOf(settings: MonitoringSettings['drift_detection']): PolicyOfSettings {
  let policy = policies.get(settings);
  if (policy === undefined) {
    policy = made(choiceOf(settings));
    policies.set(settings, policy);
  }
  return policy;
}

/** What `driftPolicy` is asked for. */
export function choiceOf({
  policy,
  threshold,
  effect,
  correction,
  tests,
  thresholds,
}: MonitoringSettings['drift_detection']): DriftPolicyChoice {
  return policy === 'calibrated'
    ? { name: policy, errorRate: threshold, effect, correction, tests, thresholds }
    : { name: policy, tests, thresholds };
}

function made(choice: DriftPolicyChoice): PolicyOfSettings {
  try {
    return driftPolicy(choice);
  } catch (error) {
    if (error instanceof RangeError) return { refused: error.message };
    throw error;
  }
}
