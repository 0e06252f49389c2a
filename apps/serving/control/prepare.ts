import {
  fieldErrorsOf,
  prepareRequest,
  type PrepareReply,
  type PrepareRequest,
  type Strategy,
} from '#libs/contracts/index.js';
import { assertNever, messageOf, type Clock, type Result } from '#libs/kernel/index.js';
import type { RunObserver } from '#libs/inference/index.js';
import type { ModelPool } from '../models/model-pool.js';
import { PacedWork } from '../models/paced-work.js';
import type { Servable } from '../models/servable.js';
import { warmUp, type WarmUpFailure } from '../models/warm-up.js';
import type { RoutingFollower } from '../routing/routing-follower.js';
import type { Rollout } from '../routing/routing-table.js';

export interface PrepareOptions {
  readonly instance: string;
  readonly follower: RoutingFollower;
  readonly pool: ModelPool;
  /** Recorded messages of a deployment's predictions, newest first. */
  readonly recorded: (deployment: string) => AsyncIterable<Uint8Array>;
  /** Whom to tell of the runs that warm a rollout's model up. */
  readonly observe?: ((rollout: Rollout) => RunObserver) | undefined;
  /** Waits, and leaves the event loop to others. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The process is about to end: nothing is warmed up any more. */
  readonly isStopping: () => boolean;
  readonly clock: Clock;
}

type Asked = Result<Warmed, WarmUpFailure>;
interface Warmed {
  readonly requests: number;
  readonly tookMs: number;
}

/**
 * Loads the version of a rollout that is in progress, or that is kept, and answers when it is there; a blue-green one
 * before it goes live when it is warm. Whatever goes wrong is the answer.
 */
export function prepare(options: PrepareOptions): (data: Uint8Array) => Promise<PrepareReply> {
  const { instance, follower, pool } = options;
  const warm = warmOnce(options);
  const failed = (code: string, reason: string): PrepareReply => ({ status: 'failed', instance, code, reason });
  return async (data) => {
    try {
      const request = parse(data);
      if (typeof request === 'string') return failed('invalid_request', request);
      const { deployment, rollout_id: rolloutId, requested_seq: requestedSeq } = request;
      await follower.holds(requestedSeq);
      const rollout = follower.find(deployment, rolloutId);
      if (rollout === undefined)
        return failed('rollout_not_in_progress', `rollout ${rolloutId} of ${deployment} is not in progress`);
      if (rollout.cutOff !== null)
        return failed('version_cut_off', `${rollout.cutOff.crashes} serving processes died of it`);
      const state = await pool.settled(rolloutId);
      switch (state?.status) {
        case 'loaded': {
          const pending = follower.table.deployments.get(deployment)?.pending?.rolloutId === rolloutId;
          if (!pending || rollout.strategy.type !== 'blue_green')
            return { status: 'loaded', instance, load_ms: state.loadMs };
          const warmed = await warm(state.servable, rollout.strategy);
          if (!warmed.ok) return failed(warmed.rejection.code, warmed.rejection.reason);
          const { requests, tookMs } = warmed.value;
          return { status: 'loaded', instance, load_ms: state.loadMs + tookMs, warmed: requests };
        }
        case 'failed':
          return failed(state.failure.code, state.failure.reason);
        case 'loading':
        case 'released':
        case undefined:
          return failed('rollout_not_in_progress', `rollout ${rolloutId} of ${deployment} is no longer wanted`);
        default:
          return assertNever(state, 'load state');
      }
    } catch (error) {
      return failed('internal', messageOf(error));
    }
  };
}

/** However often it is asked for: a loaded version is warmed up once. */
function warmOnce({ recorded, clock, observe, pause, follower, pool, isStopping }: PrepareOptions) {
  const paced = new PacedWork({ clock, pause });
  const isWanted = (servable: Servable): boolean => {
    const { deployment, rolloutId } = servable.rollout;
    const pending = follower.table.deployments.get(deployment)?.pending;
    const state = pool.stateOf(rolloutId);
    return (
      !isStopping() &&
      pending?.rolloutId === rolloutId &&
      pending.cutOff === null &&
      state?.status === 'loaded' &&
      state.servable === servable
    );
  };
  const warmed = new WeakMap<Servable, Promise<Asked>>();
  return (servable: Servable, strategy: Extract<Strategy, { type: 'blue_green' }>): Promise<Asked> => {
    const known = warmed.get(servable);
    if (known !== undefined) return known;
    const begun = async (): Promise<Asked> => {
      const from = clock.monotonic();
      const { model, rollout } = servable;
      const outcome = await warmUp(model, strategy.warmup_requests, {
        recorded: () => recorded(rollout.deployment),
        observer: observe?.(rollout),
        isWanted: () => isWanted(servable),
        ...{ paced, clock, requestedAt: rollout.requestedAt, loadTimeoutS: rollout.loadTimeoutS },
      });
      return outcome.ok ? { ok: true, value: { requests: outcome.value, tookMs: clock.monotonic() - from } } : outcome;
    };
    const warming = begun();
    warmed.set(servable, warming);
    return warming;
  };
}

function parse(data: Uint8Array): PrepareRequest | string {
  const parsed = prepareRequest.safeParse(JSON.parse(Buffer.from(data).toString('utf8')));
  if (parsed.success) return parsed.data;
  return fieldErrorsOf(parsed.error)
    .map(({ path, message }) => `${path}: ${message}`)
    .join('; ');
}
