import type { ServingMember } from '#libs/contracts/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import type { Logger, PrepareMember, PrepareOutcome } from '#libs/nest/index.js';
import type { Rollout } from '../routing/routing-table.js';
import { outcomeOf, type RolloutOutcome } from './rollout-outcome.js';

export interface PrepareRolloutOptions {
  readonly listMembers: () => Promise<readonly ServingMember[]>;
  readonly prepare: PrepareMember;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Waits between two looks at the members. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const lookEveryMs = 100;
/** Longest wait for one answer; a process that is still loading then is asked again and answers with the same load. */
const askMs = 30_000;
/** A process that is asked after the deadline (the supervisor itself was away) has so long to say what it holds. */
const lateAskMs = 2_000;

/**
 * Has every living serving process load a rollout, until the outcome is known; undefined when the signal ends it first.
 * Members that appear meanwhile are asked too; one whose registration expires no longer counts.
 */
export async function prepareRollout(
  rollout: Rollout,
  options: PrepareRolloutOptions,
  signal: AbortSignal,
): Promise<RolloutOutcome | undefined> {
  const { listMembers, prepare, clock, logger, pause } = options;
  const request = {
    deployment: rollout.deployment,
    rollout_id: rollout.rolloutId,
    requested_seq: rollout.requestedSeq,
  };
  const deadline = rollout.requestedAt + 1000 * rollout.loadTimeoutS;
  const outcomes = new Map<string, PrepareOutcome>();
  const asking = new Set<string>();
  const begun = clock.monotonic();

  const ask = async (instance: string): Promise<void> => {
    asking.add(instance);
    const left = Math.max(lateAskMs, deadline - clock.now());
    outcomes.set(instance, await prepare(instance, request, Math.min(askMs, left)));
    asking.delete(instance);
  };

  while (!signal.aborted) {
    let living: readonly string[] | null = null;
    try {
      living = (await listMembers()).map(({ instance }) => instance);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the serving processes cannot be listed');
    }
    if (living !== null) {
      // Everybody is heard at least once, even when the time was over before the supervisor could ask.
      const overdue = clock.now() >= deadline && clock.monotonic() - begun >= lateAskMs;
      const outcome = outcomeOf({ living, outcomes, overdue, timeoutS: rollout.loadTimeoutS });
      if (outcome !== null) return outcome;
      for (const instance of living)
        if (!asking.has(instance) && outcomes.get(instance)?.status !== 'loaded') void ask(instance);
    }
    await pause(lookEveryMs, signal);
  }
  return undefined;
}
