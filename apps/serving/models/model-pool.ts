import { rejection } from '#libs/contracts/index.js';
import type { LoadedModel } from '#libs/inference/index.js';
import { canonicalJson, isoTime, messageOf, type Clock } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Rollout } from '../routing/routing-table.js';
import { deferred, type Deferred } from '../deferred.js';
import { TrafficCounts } from '../traffic-counts.js';
import type { LoadArtifact, LoadFailure } from './load-artifact.js';
import { servableOf, type Servable, type ServableOptions } from './servable.js';

export interface ModelPoolOptions extends ServableOptions {
  readonly load: LoadArtifact;
  /** Bytes that one recorded row may take beside its schema. */
  readonly maxRecordedBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A version became servable, or failed to. */
  readonly onChange: () => void;
}

export interface WantedRollout {
  readonly rollout: Rollout;
  /** A live version is tried for ever; another one only while its failure may pass by itself. */
  readonly place: 'live' | 'former' | 'pending';
}

export type LoadState =
  | { readonly status: 'loading'; readonly lastFailure: FailedAt | null }
  | { readonly status: 'loaded'; readonly servable: Servable; readonly loadMs: number }
  | { readonly status: 'failed'; readonly failure: FailedAt };

export interface FailedAt extends LoadFailure {
  /** ISO-8601 instant. */
  readonly at: string;
}

const firstRetryMs = 500;
const longestRetryMs = 30_000;

/**
 * The versions this process holds. Loads what is wanted, one after the other, releases what no longer is once the last
 * request is through. Rollouts of the same artifact and signature share one session.
 */
export class ModelPool {
  readonly #options: ModelPoolOptions;
  readonly #held = new Map<string, Held>();
  readonly #sessions = new Map<string, SharedSession>();
  readonly #counts = new Map<string, TrafficCounts>();
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
  }

  /** What to hold from now on. */
  want(wanted: Iterable<WantedRollout>): void {
    const kept = new Set<string>();
    for (const { rollout, place } of wanted) {
      kept.add(rollout.rolloutId);
      const held = this.#held.get(rollout.rolloutId);
      if (held === undefined) this.#begin(rollout, place);
      else this.#moved(held, place);
    }
    for (const [rolloutId, held] of this.#held) if (!kept.has(rolloutId)) this.#drop(rolloutId, held);
  }

  /** Undefined for a rollout that is not wanted. */
  stateOf(rolloutId: string): LoadState | undefined {
    return this.#held.get(rolloutId)?.state;
  }

  /** Resolves when the rollout is loaded, has failed for good or is no longer wanted; with its state then. */
  async settled(rolloutId: string): Promise<LoadState | undefined> {
    await this.#held.get(rolloutId)?.settled.promise;
    return this.stateOf(rolloutId);
  }

  /** Resolves after the first attempt at each of these, whatever came of it. */
  async attempted(rolloutIds: Iterable<string>): Promise<void> {
    for (const id of rolloutIds) await this.#held.get(id)?.attempted.promise;
  }

  /** Of every version that ever answered here. */
  counts(): IterableIterator<TrafficCounts> {
    return this.#counts.values();
  }

  /** Releases everything; resolves when the sessions are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [rolloutId, held] of this.#held) this.#drop(rolloutId, held);
    await this.#queue;
    await Promise.all([...this.#sessions.values()].map((session) => session.gone.promise));
  }

  #begin(rollout: Rollout, place: Held['place']): void {
    const held: Held = {
      rollout,
      place,
      state: { status: 'loading', lastFailure: null },
      settled: deferred(),
      attempted: deferred(),
      retryMs: firstRetryMs,
    };
    this.#held.set(rollout.rolloutId, held);
    this.#attempt(held);
  }

  #moved(held: Held, place: Held['place']): void {
    const promoted = place === 'live' && held.place !== 'live';
    held.place = place;
    if (promoted && held.state.status === 'failed') this.#attempt(held);
  }

  #attempt(held: Held): void {
    this.#queue = this.#queue.then(async () => {
      if (!this.#isHeld(held)) return;
      try {
        await this.#load(held);
      } catch (error) {
        this.#failed(held, { code: 'internal', reason: messageOf(error), transient: true });
      }
      held.attempted.resolve();
      this.#options.onChange();
    });
  }

  async #load(held: Held): Promise<void> {
    const { clock, logger } = this.#options;
    const { rollout } = held;
    const begun = clock.monotonic();
    const session = this.#sessionFor(rollout);
    const opened = await session.opened;
    if (!opened.ok) {
      this.#leave(session);
      this.#failed(held, opened.rejection);
      return;
    }
    const servable = servableOf(rollout, opened.value, this.#countsOf(rollout), this.#options);
    const tooLarge = this.#recordable(servable);
    if (tooLarge !== null || !this.#isHeld(held)) {
      this.#leave(session);
      if (tooLarge !== null) this.#failed(held, tooLarge);
      return;
    }
    held.session = session;
    const loadMs = clock.monotonic() - begun;
    held.state = { status: 'loaded', servable, loadMs };
    held.settled.resolve();
    logger.info({ ...described(rollout), load_ms: Math.round(loadMs) }, 'model version loaded');
  }

  #failed(held: Held, failure: LoadFailure): void {
    const { clock, logger } = this.#options;
    const failedAt: FailedAt = { ...failure, at: isoTime(clock.now()) };
    logger.warn({ ...described(held.rollout), code: failure.code, reason: failure.reason }, 'model version not loaded');
    const again = held.place === 'live' || failure.transient;
    held.state =
      again && failure.transient
        ? { status: 'loading', lastFailure: failedAt }
        : { status: 'failed', failure: failedAt };
    if (held.state.status === 'failed') held.settled.resolve();
    if (!again) return;
    held.retry = setTimeout(() => {
      if (this.#isHeld(held)) this.#attempt(held);
    }, held.retryMs);
    held.retry.unref();
    held.retryMs = Math.min(longestRetryMs, 2 * held.retryMs);
  }

  /** A version whose rows no message of the log can hold could never answer. */
  #recordable({ recorded }: Servable): LoadFailure | null {
    const { maxRecordedBytes } = this.#options;
    const bytes = (recorded.rowBytes ?? 0) + recorded.schemaAt(0).bytes.length;
    if (bytes <= maxRecordedBytes) return null;
    const reason = `one recorded row takes ${bytes} bytes with the names of its features: expected at most ${maxRecordedBytes}`;
    return { code: 'unsupported_model', reason, transient: false };
  }

  #drop(rolloutId: string, held: Held): void {
    this.#held.delete(rolloutId);
    clearTimeout(held.retry);
    held.settled.resolve();
    held.attempted.resolve();
    const { state, session } = held;
    if (state.status !== 'loaded' || session === undefined) return;
    this.#options.logger.info(described(held.rollout), 'model version released');
    void state.servable.batcher.drain().then(() => {
      this.#leave(session);
    });
  }

  #isHeld(held: Held): boolean {
    return !this.#closed && this.#held.get(held.rollout.rolloutId) === held;
  }

  #sessionFor(rollout: Rollout): SharedSession {
    const key = `${rollout.artifact} ${canonicalJson(rollout.signature)}`;
    const present = this.#sessions.get(key);
    if (present !== undefined) {
      present.holders += 1;
      return present;
    }
    const session: SharedSession = {
      key,
      holders: 1,
      opened: this.#options.load(rollout),
      gone: deferred(),
    };
    this.#sessions.set(key, session);
    return session;
  }

  #leave(session: SharedSession): void {
    session.holders -= 1;
    if (session.holders > 0) return;
    this.#sessions.delete(session.key);
    void session.opened
      .then(async (opened) => (opened.ok ? disposed(opened.value) : undefined))
      .catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'a model session was not released cleanly');
      })
      .finally(() => {
        session.gone.resolve();
      });
  }

  #countsOf({ deployment, model, version }: Rollout): TrafficCounts {
    const reference = `${model}@${version}`;
    const key = `${deployment} ${reference}`;
    const counts = this.#counts.get(key) ?? new TrafficCounts(deployment, reference);
    this.#counts.set(key, counts);
    return counts;
  }
}

/** Why a deployment whose version is in this state does not answer here. */
export function notLive(deployment: string, state: LoadState | undefined) {
  const failure = state?.status === 'failed' ? state.failure : state?.status === 'loading' ? state.lastFailure : null;
  const reason = failure === null ? 'its version is being loaded' : `${failure.code}: ${failure.reason}`;
  return rejection('deployment_not_live', `${deployment} cannot serve in this process: ${reason}`);
}

interface Held {
  readonly rollout: Rollout;
  place: WantedRollout['place'];
  state: LoadState;
  session?: SharedSession;
  readonly settled: Deferred;
  readonly attempted: Deferred;
  retry?: NodeJS.Timeout;
  retryMs: number;
}

interface SharedSession {
  readonly key: string;
  holders: number;
  readonly opened: ReturnType<LoadArtifact>;
  readonly gone: Deferred;
}

const disposed = (model: LoadedModel): Promise<void> => model.dispose();

const described = ({ deployment, model, version, rolloutId }: Rollout) => ({
  deployment,
  version: `${model}@${version}`,
  rollout_id: rolloutId,
});
