import { assertNever } from '#libs/kernel/index.js';
import { calibratedPolicy, type CalibratedParameters } from './calibrated.js';
import { evidentlyPolicy, type EvidentlyParameters } from './evidently.js';
import type { DriftPolicy } from './policy.js';

export type DriftPolicyChoice =
  ({ readonly name: 'calibrated' } & CalibratedParameters) | ({ readonly name: 'evidently' } & EvidentlyParameters);

/** A policy by its name, as configurations have it. @throws RangeError for a parameter out of range. */
export function driftPolicy(choice: DriftPolicyChoice): DriftPolicy {
  switch (choice.name) {
    case 'calibrated':
      return calibratedPolicy(choice);
    case 'evidently':
      return evidentlyPolicy(choice);
    default:
      return assertNever(choice, 'drift policy');
  }
}
