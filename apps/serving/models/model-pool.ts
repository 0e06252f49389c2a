import { isoTime, messageOf } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Rollout } from '../routing/routing-table.js';
import { deferred } from '../deferred.js';
import { TrafficCounts } from '../traffic-counts.js';
import { chooseRelease } from './choose-release.js';
import { Held, type WantedRollout } from './held.js';
import type { LoadArtifact, LoadFailure } from './load-artifact.js';
import type { FailedAt, LoadState } from './load-state.js';
import { servableOf, unrecordable, type ServableOptions } from './servable.js';
import { Sessions, type Session } from './sessions.js';

export type { WantedRollout } from './held.js';
export { notLive, type FailedAt, type LoadState } from './load-state.js';

export interface ModelPoolOptions extends ServableOptions {
  readonly load: LoadArtifact;
  /** Bytes that one recorded row may take beside its schema. */
  readonly maxRecordedBytes: number;
  /** Bytes of models to hold at most, as far as what must stay allows it (default: no bound). */
  readonly maxModelBytes?: number;
  /**
   * Milliseconds that a version waits for memory of what is let go of for it, before those that wait behind it have their
   * turn and it is tried again (default 5,000).
   */
  readonly roomWithinMs?: number;
  readonly logger: Logger;
  /** A version became servable, failed to, or was let go of. */
  readonly onChange: () => void;
}

/**
 * The versions this process holds. Loads what is wanted, one after the other, releases what no longer is once the last
 * request is through. Where memory is bounded, what is not waited for is loaded only while there is room, and the least
 * recently used are let go of for what is waited for: a new version, or one that a request asks for. It is opened when
 * they are through with their requests and gone: the bound holds meanwhile.
 */
export class ModelPool {
  readonly #options: ModelPoolOptions;
  readonly #held = new Map<string, Held>();
  readonly #sessions: Sessions<Held>;
  readonly #counts = new Map<string, TrafficCounts>();
  #queue: Promise<void> = Promise.resolve();
  #closed = false;
  #evictions = 0;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.load, (error) => {
      options.logger.warn({ err: error }, 'a model session was not released cleanly');
    });
  }

  /** Sessions opened since the process started. */
  get loads(): number {
    return this.#sessions.loads;
  }

  /** Sessions let go of for want of memory. */
  get evictions(): number {
    return this.#evictions;
  }

  /** What sessions are taken to occupy, those too that are being opened or closed. */
  get modelBytes(): number {
    return this.#sessions.bytes;
  }

  /** What to hold from now on. */
  want(wanted: Iterable<WantedRollout>): void {
    const kept = new Set<string>();
    for (const each of wanted) {
      const { rolloutId } = each.rollout;
      kept.add(rolloutId);
      const held = this.#held.get(rolloutId);
      if (held === undefined) this.#begin(each);
      else this.#moved(held, each);
    }
    for (const [rolloutId, held] of this.#held) if (!kept.has(rolloutId)) void this.#drop(rolloutId, held);
  }

  /** Undefined for a rollout that is not wanted. */
  stateOf(rolloutId: string): LoadState | undefined {
    return this.#held.get(rolloutId)?.state;
  }

  /**
   * Resolves when the rollout is loaded, has failed for good or is no longer wanted; with its state then. Has it loaded
   * when it was let go of.
   */
  async settled(rolloutId: string): Promise<LoadState | undefined> {
    const held = this.#held.get(rolloutId);
    if (held !== undefined) this.#recall(held);
    await held?.settled.promise;
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
    const drained = [...this.#held].map(([rolloutId, held]) => this.#drop(rolloutId, held));
    await this.#queue;
    await Promise.all(drained);
    await this.#sessions.closed();
  }

  #begin(wanted: WantedRollout): void {
    const held = new Held(wanted);
    this.#held.set(wanted.rollout.rolloutId, held);
    this.#attempt(held);
  }

  #moved(held: Held, { place, kept = false }: WantedRollout): void {
    const promoted = place === 'live' && held.place !== 'live';
    held.place = place;
    held.kept = kept;
    if (promoted && held.state.status === 'failed') this.#attempt(held);
    if (promoted || place === 'pending' || kept) this.#recall(held);
  }

  /** Somebody waits for it. What is being loaded, or to be tried again, goes on as it does. */
  #recall(held: Held): void {
    const begins = held.state.status === 'released' && !held.asked;
    held.asked = true;
    if (begins) this.#attempt(held);
  }

  #attempt(held: Held): void {
    this.#queue = this.#queue.then(async () => {
      if (!this.#isHeld(held) || held.state.status === 'loaded') return;
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
    const opened = await this.#sessions.hold(rollout, held, (bytes) => this.#makesRoom(held, bytes));
    if (opened === null) {
      held.state = { status: 'released' };
      // Room came too late; or somebody asked after the answer was no, and would wait in vain.
      if (isDue(held)) this.#attempt(held);
      else logger.info(described(rollout), 'model version not loaded until it is asked for: no memory is left for it');
      return;
    }
    if (!opened.ok) {
      this.#failed(held, opened.rejection);
      return;
    }
    const session = opened.value;
    const servable = servableOf(rollout, session.model, this.#countsOf(rollout), this.#options);
    const tooLarge = unrecordable(servable, this.#options.maxRecordedBytes);
    if (tooLarge !== null || !this.#isHeld(held)) {
      this.#sessions.leave(session, held);
      if (tooLarge !== null) this.#failed(held, tooLarge);
      return;
    }
    held.session = session;
    const loadMs = clock.monotonic() - begun;
    servable.usedAt = clock.monotonic();
    held.state = { status: 'loaded', servable, loadMs };
    held.retry.reset();
    held.settled.resolve();
    logger.info({ ...described(rollout), load_ms: Math.round(loadMs) }, 'model version loaded');
  }

  /** Whether a session of so many bytes may be opened; lets others go for one that is waited for, and waits until they are gone. */
  async #makesRoom(held: Held, bytes: number): Promise<boolean> {
    const { maxModelBytes = Number.POSITIVE_INFINITY, roomWithinMs = 5_000, logger, onChange } = this.#options;
    const fits = (): boolean => this.modelBytes + bytes <= maxModelBytes;
    if (fits()) return true;
    const { openBytes } = this.#sessions;
    if (!isDue(held) && openBytes > 0 && openBytes + bytes > maxModelBytes) return false;
    for (const session of chooseRelease(this.#sessions.values(), bytes, maxModelBytes)) this.#letGo(session);
    onChange();
    await this.#sessions.closedUntil(fits, roomWithinMs);
    if (!this.#isHeld(held)) return false;
    if (fits()) return true;
    const sizes = { ...described(held.rollout), model_bytes: this.modelBytes + bytes, max_model_bytes: maxModelBytes };
    if (this.#sessions.isClosing) {
      logger.warn(
        { ...sizes, waited_ms: roomWithinMs },
        'model version not loaded yet: what was let go of is not gone',
      );
      return false;
    }
    logger.warn(sizes, 'models take more memory than serving.max_model_mb allows, and none can be let go of');
    return true;
  }

  /** Takes no more requests, and closes when it is through with its own. */
  #letGo(session: Session<Held>): void {
    this.#evictions += 1;
    const drained: Promise<void>[] = [];
    for (const held of session.holders) {
      if (held.state.status === 'loaded') drained.push(held.state.servable.batcher.drain());
      held.state = { status: 'released' };
      held.asked = false;
      held.settled = deferred();
      held.session = null;
      this.#options.logger.info(described(held.rollout), 'model version let go of for want of memory');
    }
    this.#sessions.retire(session, Promise.all(drained));
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
    held.retry.later(() => {
      if (this.#isHeld(held)) this.#attempt(held);
    });
  }

  /** Resolves when its last request is through. */
  async #drop(rolloutId: string, held: Held): Promise<void> {
    this.#held.delete(rolloutId);
    held.retry.cancel();
    held.settled.resolve();
    held.attempted.resolve();
    const { state, session } = held;
    if (state.status !== 'loaded' || session === null) return;
    this.#options.logger.info(described(held.rollout), 'model version released');
    await state.servable.batcher.drain();
    this.#sessions.leave(session, held);
  }

  #isHeld(held: Held): boolean {
    return !this.#closed && this.#held.get(held.rollout.rolloutId) === held;
  }

  #countsOf({ deployment, model, version }: Rollout): TrafficCounts {
    const reference = `${model}@${version}`;
    // No name has a slash, and both may have spaces.
    const key = `${deployment}/${reference}`;
    const counts = this.#counts.get(key) ?? new TrafficCounts(deployment, reference);
    this.#counts.set(key, counts);
    return counts;
  }
}

/** Somebody waits for it: others are let go of for it. */
const isDue = ({ asked, kept, place }: Held): boolean => asked || kept || place === 'pending';

const described = ({ deployment, model, version, rolloutId }: Rollout) => ({
  deployment,
  version: `${model}@${version}`,
  rollout_id: rolloutId,
});
