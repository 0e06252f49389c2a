import type { Values } from './parameters.js';

/** Parameters of both HDDM. */
export const confidences = {
  drift_confidence: {
    type: 'number',
    default: 0.001,
    above: 0,
    below: 1,
    about: 'chance of a difference that is drift',
  },
  warning_confidence: {
    type: 'number',
    default: 0.005,
    above: 0,
    below: 1,
    about: 'chance of a difference that warns',
  },
  two_sided_test: { type: 'boolean', default: false, about: 'whether a falling error rate is drift too' },
} as const;

export const confidenceConflict = ({
  drift_confidence: drift,
  warning_confidence: warning,
}: Values<typeof confidences>): string | null =>
  drift <= warning
    ? null
    : `warning_confidence: expected at least drift_confidence (${drift}), since a warning comes before, got ${warning}`;
