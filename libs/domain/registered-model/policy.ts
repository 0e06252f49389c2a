/** The promotion policy: which of its conditions a version does not meet. */
import type { FieldError, MetricBound, PromotionPolicy, PromotionTarget } from '#libs/contracts/index.js';
import { laterBy, type DecidedBy } from '#libs/kernel/index.js';
import { evidenceOf } from './evidence.js';
import type { Evaluated, ModelState, Review, VersionState } from './state.js';

/**
 * An approval counts only if it outlives the decision by so many milliseconds: longer than a command may take from its
 * decision to its place in the log. So no promotion stands in the log behind the expiry of an approval it rests on.
 */
export const approvalMarginMs = 10_000;

export interface PolicyOutcome {
  /** One for each condition that is not met: what was expected, what was found. */
  readonly unmet: readonly FieldError[];
  /** The approvals that count. */
  readonly approvals: readonly Review[];
}

export function applyPolicy(
  policy: PromotionPolicy,
  { state, version, to, by }: { state: ModelState; version: VersionState; to: PromotionTarget; by: DecidedBy },
): PolicyOutcome {
  const path = `policy.${to}`;
  const given = version.reviews.filter((each) => each.to === to && each.decision === 'approve');
  const valid = given.filter((each) => !isExpired(each, by.at) && !isRolledBack(each, version));
  const own = policy.four_eyes ? ownersOf(version, to).add(by.actor) : new Set<string>();
  const approvals = valid.filter(({ actor }) => !own.has(actor));
  const unmet: FieldError[] = [];
  if (approvals.length < policy.approvals)
    unmet.push({
      path: `${path}.approvals`,
      message: missingApprovals(policy, { version, given, valid, approvals, at: by.at }),
    });
  for (const dataset of policy.evidence.evaluation_on)
    if (!version.evaluations.some((each) => each.dataset === dataset))
      unmet.push({
        path: `${path}.evidence.evaluation_on`,
        message: `expected an evaluation on ${dataset}, found ${datasetsOf(version)}`,
      });
  for (const bound of policy.evidence.metrics) {
    const message = unmetBound(bound, version);
    if (message !== undefined) unmet.push({ path: `${path}.evidence.metrics.${bound.metric}`, message });
  }
  const { champion } = evidenceOf(state, version);
  if (policy.evidence.compatible_signature && champion?.compatible === false)
    unmet.push({
      path: `${path}.evidence.compatible_signature`,
      message: `expected a signature compatible with the champion's (${champion.version})`,
    });
  return { unmet, approvals };
}

/** Whose version and whose promotion it is: who registered it and who asked for it. */
export const ownersOf = (version: VersionState, to: PromotionTarget): Set<string> =>
  new Set([
    version.registered_by,
    ...version.requests.filter((request) => request.to === to).map(({ actor }) => actor),
  ]);

export const isExpired = ({ expires_at }: Pick<Review, 'expires_at'>, at: string): boolean =>
  expires_at !== null && expires_at <= laterBy(at, approvalMarginMs);

/** Whoever approved a version that was then rolled back did not know what is known since. */
export const isRolledBack = (
  { to, seq }: Review,
  { rolled_back_seq }: Pick<VersionState, 'rolled_back_seq'>,
): boolean => to === 'production' && seq < rolled_back_seq;

interface Counted {
  readonly version: VersionState;
  readonly given: readonly Review[];
  readonly valid: readonly Review[];
  readonly approvals: readonly Review[];
  readonly at: string;
}

function missingApprovals(policy: PromotionPolicy, { version, given, valid, approvals, at }: Counted): string {
  const who = policy.four_eyes ? ' by others than who registered, requested or promotes it' : '';
  const left = given.filter((each) => !valid.includes(each));
  const own = valid.filter((each) => !approvals.includes(each));
  const found = [
    `${approvals.length}`,
    ...approvals.map(({ actor }) => actor),
    ...own.map(({ actor }) => `${actor} does not count`),
    ...left.map((each) =>
      isRolledBack(each, version)
        ? `that of ${each.actor} was given before the rollback at ${version.rolled_back_seq}`
        : `that of ${each.actor} has expired (${each.expires_at}, now ${at})`,
    ),
  ];
  return `expected ${policy.approvals} approval${policy.approvals === 1 ? '' : 's'}${who}, found ${found.join(', ')}`;
}

function unmetBound(bound: MetricBound, version: VersionState): string | undefined {
  const { metric, min, max, dataset, split } = bound;
  const of = dataset === undefined ? 'as registered' : `on ${dataset}${split === undefined ? '' : `, split ${split}`}`;
  const metrics = dataset === undefined ? version.metrics : (newest(version, bound)?.metrics ?? {});
  const value = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  const meets = value !== undefined && (min === undefined || value >= min) && (max === undefined || value <= max);
  if (meets) return undefined;
  const expected = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ].join(' and ');
  return `expected ${metric} ${of} ${expected}, found ${value ?? 'none'}`;
}

const newest = ({ evaluations }: VersionState, { dataset, split }: MetricBound): Evaluated | undefined =>
  evaluations.findLast((each) => each.dataset === dataset && (split === undefined || each.split === split));

const datasetsOf = ({ evaluations }: VersionState): string =>
  evaluations.length === 0 ? 'none' : [...new Set(evaluations.map(({ dataset }) => dataset))].join(', ');
