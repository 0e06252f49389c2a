import { rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { RollBack } from './commands.js';
import { evidenceOf } from './evidence.js';
import { findVersion, requireUsable, type ModelState, type VersionState } from './state.js';

/** The champion goes back to the nearest earlier one that can still be used, or to an earlier one by name. */
export function rollBack({ model, to, reason }: RollBack, state: ModelState): Result<ModelEvent, Rejection> {
  const known = requireKnown(model, state);
  if (known !== undefined) return reject(known);
  const former = state.champions.at(-1);
  if (former === undefined)
    return reject(rejection('nothing_to_roll_back', `${model} has no champion, so there is nothing to go back from`));
  const target = to === undefined ? nearest(model, state) : named(model, to, state);
  if (!target.ok) return target;
  return accept({
    type: 'ChampionRolledBack',
    data: { model, version: target.value.version, former, reason, evidence: evidenceOf(state, target.value) },
  });
}

const requireKnown = (model: string, state: ModelState): Rejection | undefined =>
  state.versions.length > 0
    ? undefined
    : rejection('model_not_found', `no model is named '${model}'`, [
        { path: 'model_id', message: 'expected the name of a registered model' },
      ]);

function nearest(model: string, state: ModelState): Result<VersionState, Rejection> {
  const former = state.champions.at(-1);
  for (const version of state.champions.toReversed()) {
    const found = findVersion(state, version);
    if (found !== undefined && version !== former && !found.archived && !isRejected(found)) return accept(found);
  }
  const before = new Set(state.champions.filter((version) => version !== former));
  return reject(
    rejection(
      'nothing_to_roll_back',
      before.size === 0
        ? `${former} is the first champion of ${model}`
        : `every former champion of ${model} is archived or rejected: ${[...before].join(', ')}`,
    ),
  );
}

function named(model: string, selector: string, state: ModelState): Result<VersionState, Rejection> {
  const found = requireUsable(state, model, selector, 'to');
  if (!found.ok) return found;
  const { version } = found.value;
  const former = state.champions.at(-1);
  const earlier = [...new Set(state.champions)].filter((each) => each !== former);
  if (version === former) return reject(rejection('no_change', `${model}@${version} is the champion already`));
  if (!state.champions.includes(version))
    return reject(
      rejection('nothing_to_roll_back', `${model}@${version} is no former champion that a rollback can return to`, [
        {
          path: 'to',
          message:
            earlier.length === 0
              ? `expected nothing: ${former} is the first champion; others are promoted`
              : `expected one of ${earlier.join(', ')}; others are promoted`,
        },
      ]),
    );
  if (isRejected(found.value))
    return reject(
      rejection('version_rejected', `${model}@${version} was rejected for production`, [
        { path: 'to', message: 'expected a version that is not rejected' },
      ]),
    );
  return found;
}

const isRejected = ({ reviews }: VersionState): boolean =>
  reviews.some(({ to, decision }) => to === 'production' && decision === 'reject');
