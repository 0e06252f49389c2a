import { rejection, type FieldError, type Rejection, type api } from '#libs/contracts/index.js';
import { labelFault } from './label-fault.js';
import type { ResolvedPrediction } from './resolve-predictions.js';

/** What is observed of a prediction that is known, with its place in the request. */
export interface Observed {
  /** Position in the request, from 0. */
  readonly index: number;
  readonly prediction_id: string;
  readonly prediction: ResolvedPrediction & { readonly predicted: api.PredictionOutput };
  readonly label: api.Observation['label'];
  /** ISO-8601 in UTC. */
  readonly observed_at: string;
}

/** Where the request holds a member of the item at an index: `items.3.label`, or `label`. */
export type PathOf = (index: number, member: keyof api.Observation) => string;

export interface Checked {
  /** In the order of the request. */
  readonly observed: readonly Observed[];
  readonly faults: readonly FieldError[];
}

/** Clocks differ; what is further ahead is a mistake. */
export const aheadMs = 5 * 60_000;
const errorsInDetail = 3;
const errorsListed = 100;

/**
 * Holds every label against what its version answers, and every moment against the clock. Unknown predictions are left
 * out: nothing can be said of their labels.
 * @param now ISO-8601: the moment of an observation that names none
 */
export function checkObservations(
  items: readonly api.Observation[],
  resolved: readonly (ResolvedPrediction | undefined)[],
  pathOf: PathOf,
  now: string,
): Checked {
  const latest = Date.parse(now) + aheadMs;
  const observed: Observed[] = [];
  const faults: FieldError[] = [];
  for (const [index, { prediction_id, label, observed_at = now }] of items.entries()) {
    const at = Date.parse(observed_at);
    if (at > latest)
      faults.push({
        path: pathOf(index, 'observed_at'),
        message: `expected a moment that has come; it is ${now} now, and clocks may differ by ${aheadMs / 60_000} minutes`,
      });
    const prediction = resolved[index];
    if (prediction === undefined) continue;
    const { predicted, outcome, code, labelType } = prediction;
    if (predicted === null) {
      faults.push({
        path: pathOf(index, 'prediction_id'),
        message: `expected a prediction with an output; this one ${outcome === 'refused' ? 'was refused' : 'failed'} (${code ?? 'without a code'})`,
      });
      continue;
    }
    const fault = labelFault(labelType, label);
    if (fault !== undefined) faults.push({ path: pathOf(index, 'label'), message: fault });
    else
      observed.push({
        ...{ index, prediction_id, label, prediction: { ...prediction, predicted } },
        observed_at: new Date(at).toISOString(),
      });
  }
  return { observed, faults };
}

/** One refusal for all of them: the first three are told in its detail, the first hundred listed. */
export function refusalOf(faults: readonly FieldError[]): Rejection {
  const named = faults.slice(0, errorsInDetail).map(({ path, message }) => `${path}: ${message}`);
  const more = faults.length > named.length ? [`and ${faults.length - named.length} more`] : [];
  return rejection('invalid_request', [...named, ...more].join('; '), faults.slice(0, errorsListed));
}
