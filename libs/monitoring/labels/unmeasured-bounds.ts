import type { MonitoringSettings } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { AnswerForm } from './answer-form.js';

export const classMetricNames = [
  ...['accuracy', 'balanced_accuracy', 'precision', 'recall', 'f1', 'specificity'],
  ...['roc_auc', 'log_loss'],
] as const;
export const numberMetricNames = ['mae', 'rmse', 'bias', 'r2'] as const;

/** Bounds that nothing is held against, as such a version has no such metric. */
export function unmeasuredBounds({ metrics }: MonitoringSettings['performance'], form: AnswerForm): string[] {
  const measured = measuredOf(form);
  const unknown = Object.keys(metrics).filter((name) => !measured.includes(name));
  if (unknown.length === 0) return [];
  const expected =
    measured.length === 0 ? 'labels of such answers are not measured' : `expected ${measured.join(', ')}`;
  return [`performance.metrics: nothing is measured as ${unknown.join(', ')}; ${expected}`];
}

function measuredOf(form: AnswerForm): readonly string[] {
  switch (form.kind) {
    case 'classes':
      return classMetricNames;
    case 'numbers':
      return numberMetricNames;
    case 'other':
      return [];
    default:
      return assertNever(form, 'form of an answer');
  }
}
