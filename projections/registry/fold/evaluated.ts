import { accept } from '#libs/kernel/index.js';
import { evaluationMetrics, evaluations } from '../tables.js';
import { concern, findVersion, unknownVersion, versionKey, type Fold } from './fold.js';

/** An archived version too may be evaluated. */
export const evaluated: Fold<'EvaluationRecorded'> = {
  needs: ({ event: { data } }) => [versionKey(data.model, data.version)],

  apply(changes, fact) {
    const { seq, event, meta } = fact;
    const { model, version, evaluation } = event.data;
    if (findVersion(changes, model, version) === undefined) return unknownVersion(model, version);
    changes.put(evaluations, seq, {
      ...{ model, version, dataset: evaluation.dataset, split: evaluation.split ?? '' },
      ...{ evaluation, actor: meta.actor, at: meta.at },
    });
    for (const [metric, value] of Object.entries(evaluation.metrics))
      changes.put(evaluationMetrics, seq, { model, version, metric, value });
    concern(changes, fact, version);
    return accept(undefined);
  },
};
