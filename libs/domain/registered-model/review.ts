/** Requests, approvals and rejections: who wants a version promoted, and who says yes or no on what evidence. */
import { rejection, type ModelEvent, type PromotionTarget, type Rejection, type Stage } from '#libs/contracts/index.js';
import { accept, laterBy, reject, type DecidedBy, type Result } from '#libs/kernel/index.js';
import type { Approve, Reject, RequestPromotion } from './commands.js';
import { evidenceOf } from './evidence.js';
import { isExpired, isRolledBack, ownersOf } from './policy.js';
import { requireUsable, type ModelState, type VersionState } from './state.js';

export function requestPromotion(
  command: RequestPromotion,
  state: ModelState,
  by: DecidedBy,
): Result<ModelEvent, Rejection> {
  const found = underReview(command, state);
  if (!found.ok) return found;
  const { version, to } = found.value;
  if (version.requests.some((request) => request.to === to && request.actor === by.actor && !request.met))
    return reject(noChange(`${by.actor} has requested this promotion already`));
  return accept({
    type: 'PromotionRequested',
    data: { model: command.model, version: version.version, to, reason: command.reason },
  });
}

export function approve(command: Approve, state: ModelState, by: DecidedBy): Result<ModelEvent, Rejection> {
  const found = underReview(command, state);
  if (!found.ok) return found;
  const { version, to } = found.value;
  const policy = command.policies[to];
  const standing = version.reviews.find((each) => each.to === to && each.actor === by.actor);
  // Only who rejected can withdraw that; an approval of an owner does not count (policy.ts).
  const withdraws = standing?.decision === 'reject';
  if (policy.four_eyes && !withdraws && ownersOf(version, to).has(by.actor))
    return reject(
      rejection(
        'own_request',
        `${by.actor} registered ${command.model}@${version.version} or requested its promotion`,
        [{ path: 'actor', message: 'expected somebody else: the policy asks for four eyes' }],
      ),
    );
  if (standing?.decision === 'approve' && !isExpired(standing, by.at) && !isRolledBack(standing, version))
    return reject(noChange(`${by.actor} has approved this already`));
  const hours = policy.approval_valid_h;
  return accept({
    type: 'VersionApproved',
    data: {
      model: command.model,
      version: version.version,
      to,
      reason: command.reason,
      evidence: evidenceOf(state, version),
      expires_at: hours === null ? null : laterBy(by.at, hours * 3_600_000),
    },
  });
}

export function rejectVersion(command: Reject, state: ModelState, by: DecidedBy): Result<ModelEvent, Rejection> {
  const found = underReview(command, state);
  if (!found.ok) return found;
  const { version, to } = found.value;
  const standing = version.reviews.find((each) => each.to === to && each.actor === by.actor);
  if (standing?.decision === 'reject') return reject(noChange(`${by.actor} has rejected this already`));
  return accept({
    type: 'VersionRejected',
    data: {
      model: command.model,
      version: version.version,
      to,
      reason: command.reason,
      evidence: evidenceOf(state, version),
    },
  });
}

const after: Readonly<Record<Stage, PromotionTarget | undefined>> = {
  development: 'staging',
  staging: 'production',
  production: undefined,
};
export const stageOrder: readonly Stage[] = ['development', 'staging', 'production'];

/** The version, and the stage that is spoken of: one it has not reached. */
function underReview(
  { model, version: selector, to: wanted }: Approve | Reject | RequestPromotion,
  state: ModelState,
): Result<{ version: VersionState; to: PromotionTarget }, Rejection> {
  const found = requireUsable(state, model, selector);
  if (!found.ok) return found;
  const version = found.value;
  const to = wanted ?? after[version.stage];
  if (to === undefined || stageOrder.indexOf(version.stage) >= stageOrder.indexOf(to))
    return reject(noChange(`${model}@${version.version} is in stage ${version.stage} already`));
  return accept({ version, to });
}

const noChange = (detail: string): Rejection => rejection('no_change', detail);
