/** Requests, approvals and rejections. */
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { Changes } from '#libs/projecting/index.js';
import { approvals, requests } from '../tables.js';
import { concern, findVersion, unknownVersion, versionKey, type Fact, type Fold } from './fold.js';

export const requested: Fold<'PromotionRequested'> = {
  needs: ({ event: { data } }) => [versionKey(data.model, data.version)],

  apply(changes, fact) {
    const usable = requireUsable(changes, fact);
    if (!usable.ok) return usable;
    const { seq, event, meta } = fact;
    const { model, version, to, reason } = event.data;
    changes.put(requests, seq, { model, version, target: to, actor: meta.actor, reason, at: meta.at });
    concern(changes, fact, version);
    return accept(undefined);
  },
};

export const approved: Fold<'VersionApproved'> = {
  needs: ({ event: { data } }) => [versionKey(data.model, data.version)],
  apply: (changes, fact) => review(changes, fact, 'approve', fact.event.data.expires_at),
};

export const rejected: Fold<'VersionRejected'> = {
  needs: ({ event: { data } }) => [versionKey(data.model, data.version)],
  apply: (changes, fact) => review(changes, fact, 'reject', null),
};

function review(
  changes: Changes,
  fact: Fact<'VersionApproved' | 'VersionRejected'>,
  decision: 'approve' | 'reject',
  expires_at: string | null,
): Result<undefined, string> {
  const usable = requireUsable(changes, fact);
  if (!usable.ok) return usable;
  const { seq, event, meta } = fact;
  const { model, version, to, reason } = event.data;
  changes.put(approvals, seq, {
    ...{ model, version, target: to, actor: meta.actor },
    ...{ decision, reason, at: meta.at, expires_at },
  });
  concern(changes, fact, version);
  return accept(undefined);
}

function requireUsable(
  changes: Changes,
  { event: { data } }: Fact<'PromotionRequested' | 'VersionApproved' | 'VersionRejected'>,
): Result<undefined, string> {
  const found = findVersion(changes, data.model, data.version);
  if (found === undefined) return unknownVersion(data.model, data.version);
  return found.archived ? reject(`${data.model}@${data.version} is archived`) : accept(undefined);
}
