import { setTimeout as delay } from 'node:timers/promises';
import { deploymentDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { messageOf, type Clock, type IdSource } from '#libs/kernel/index.js';
import { commandMeta, type Logger } from '#libs/nest/index.js';
import type { LastEntry } from './crash-journal.js';

export interface ReportCrashOptions {
  readonly aggregates: Pick<AggregateStore, 'execute'>;
  /** `deployment.circuit_breaker` of the configuration. */
  readonly breaker: { readonly crashes: number; readonly withinS: number };
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** Waits before another try. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** A process of this name died of a rollout's model. */
export interface Crash extends LastEntry {
  readonly rollout: NonNullable<LastEntry['rollout']>;
  /** The member that died. */
  readonly instance: string;
  /** The signal, or `unresponsive`. */
  readonly cause: string;
}

const attempts = 3;
const retryMs = 500;

/**
 * Records the crash, before the version is loaded again: the event may cut it off. Resolves in any case, for the other
 * versions have to be served: a log that cannot take it is asked three times, and then a line says so.
 */
export async function reportCrash(crash: Crash, options: ReportCrashOptions): Promise<void> {
  const { logger, pause = delay } = options;
  const { rollout, instance, epoch, cause } = crash;
  const about = { deployment: rollout.deployment, rollout_id: rollout.rolloutId, instance, epoch, cause };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await execute(crash, options);
      if (answer.ok) logger.error({ ...about, seq: answer.value.seq }, 'the process before this one died of a model');
      else logger.warn({ ...about, code: answer.rejection.code }, 'the process before this one died of a model');
      return;
    } catch (error) {
      if (attempt < attempts) await pause(retryMs);
      else {
        logger.error({ ...about, reason: messageOf(error) }, 'a crash could not be recorded');
        return;
      }
    }
  }
}

function execute(crash: Crash, { aggregates, breaker, clock, ids }: ReportCrashOptions) {
  const { instance, epoch, cause } = crash;
  const { deployment, rolloutId } = crash.rollout;
  const meta = commandMeta({
    actor: 'system:serving',
    call: 'report crash',
    target: deployment,
    idempotencyKey: `${instance} ${epoch}`,
    body: { rollout_id: rolloutId, cause },
    at: clock.now(),
    ids,
  });
  return aggregates.execute(
    deploymentDefinition,
    deployment,
    { type: 'ReportCrash', deployment, rollout_id: rolloutId, instance, epoch, cause, breaker },
    meta,
  );
}
