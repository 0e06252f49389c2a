import type { EventOf, DeploymentWentLive } from '#libs/contracts/index.js';
import type { PrepareOutcome } from '#libs/nest/index.js';

/** How a rollout's preparation ends: every process has the version, or traffic stays. */
export type RolloutOutcome =
  | { readonly type: 'loaded'; readonly instances: EventOf<typeof DeploymentWentLive>['data']['instances'] }
  | { readonly type: 'failed'; readonly code: string; readonly reason: string };

export interface PreparationState {
  /** Serving processes that are registered now. */
  readonly living: readonly string[];
  /** What each said last. */
  readonly outcomes: ReadonlyMap<string, PrepareOutcome>;
  /** True once the time that the deployment gave has passed. */
  readonly overdue: boolean;
  readonly timeoutS: number;
}

/**
 * Decides a rollout, or null while it is open. A version goes live when every living process has it (so that none has
 * to refuse a request after the switch), and at least one lives. One process that cannot load it fails it for all.
 */
export function outcomeOf({ living, outcomes, overdue, timeoutS }: PreparationState): RolloutOutcome | null {
  const instances = [];
  const missing = [];
  for (const instance of living) {
    const outcome = outcomes.get(instance);
    // A process whose table is past the rollout has seen its end in the log: the supervisor will too.
    if (outcome?.status === 'failed' && outcome.code !== 'rollout_not_in_progress')
      return { type: 'failed', code: outcome.code, reason: `${instance}: ${outcome.reason}` };
    if (outcome?.status === 'loaded') instances.push(loadedBy(outcome));
    else missing.push(instance);
  }
  if (missing.length === 0 && instances.length > 0) return { type: 'loaded', instances };
  if (!overdue) return null;
  if (living.length === 0)
    return {
      type: 'failed',
      code: 'no_serving_instance',
      reason: `no serving process was there within ${timeoutS} s`,
    };
  return {
    type: 'failed',
    code: 'load_timeout',
    reason: `not loaded within ${timeoutS} s by ${missing.map((each) => describe(each, outcomes.get(each))).join(', ')}`,
  };
}

const loadedBy = ({ instance, load_ms, warmed }: Extract<PrepareOutcome, { status: 'loaded' }>) => ({
  instance,
  load_ms,
  ...(warmed === undefined ? {} : { warmed }),
});

const describe = (instance: string, outcome: PrepareOutcome | undefined): string => {
  switch (outcome?.status) {
    case 'unanswered':
    case 'failed':
      return `${instance} (${outcome.reason})`;
    case 'loaded':
    case undefined:
      return instance;
  }
};
