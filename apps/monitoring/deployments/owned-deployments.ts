import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { CatchUps } from './catch-ups.js';
import type { DeploymentWorker } from './deployment-worker.js';
import { NameTaken, type WatchEnded } from '../errors.js';
import { TrafficFollower } from './follow-traffic.js';
import { Lanes } from './lanes.js';
import { isAt, type Place } from './place.js';
import { takeUp, type TakeUpOptions } from './take-up.js';
import { WatchList, type Waiting } from './watch-list.js';

export interface OwnedDeploymentsOptions extends Omit<TakeUpOptions, 'lanes'> {
  readonly place: Place;
  /** Milliseconds from one to the next (defaults: 60,000, 3,000, 2,000 and 1,000). */
  readonly tickMs?: number;
  readonly checkpointMs?: number;
  readonly beatMs?: number;
  readonly retryMs?: number;
  /** Milliseconds without a message after which a deployment that takes no traffic is put down (default ten minutes). */
  readonly restMs?: number;
  /** Another process has its name: nothing is watched here any more. Told once. */
  readonly onNameTaken: () => void;
}

type Times = Required<Pick<OwnedDeploymentsOptions, keyof typeof defaults>>;

const defaults = { tickMs: 60_000, checkpointMs: 3_000, beatMs: 2_000, retryMs: 1_000, restMs: 600_000 } as const;
/** Checkpoints that are kept at a time: beats and take-overs need connections, too. */
const savingLanes = 2;
/** A stop waits so long for what is being stored, and then so long until the deployments are let go of. */
const stopWithinMs = 6_000;
const leaveWithinMs = 2_000;

/** The deployments that fall to this process: found, taken up, followed, kept, and taken up again when they were lost. */
export class OwnedDeployments {
  readonly #options: TakeUpOptions & Pick<OwnedDeploymentsOptions, 'place' | 'onNameTaken'>;
  readonly #times: Times;
  readonly #list: WatchList;
  readonly #reading = new AbortController();
  readonly #working = new AbortController();
  #live: TrafficFollower | undefined;
  #catchUps: CatchUps | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  /** Why nothing is watched here. */
  #trouble: string | null = 'it has not begun';
  /** Why PostgreSQL was not told that this process lives. */
  #unheard: string | null = null;

  constructor({ place, tickMs, checkpointMs, beatMs, retryMs, restMs, ...options }: OwnedDeploymentsOptions) {
    this.#options = { ...options, place, lanes: new Lanes(savingLanes) };
    this.#times = {
      tickMs: tickMs ?? defaults.tickMs,
      checkpointMs: checkpointMs ?? defaults.checkpointMs,
      beatMs: beatMs ?? defaults.beatMs,
      retryMs: retryMs ?? defaults.retryMs,
      restMs: restMs ?? defaults.restMs,
    };
    this.#list = new WatchList(options.clock, this.#times.retryMs);
    // As many as there are deployments.
    setMaxListeners(0, this.#working.signal);
  }

  /** Returns at once: PostgreSQL may come later. */
  start(): void {
    this.#running = this.#run();
  }

  /** Reads no more, waits for what is being stored, keeps every checkpoint, and lets the deployments go. Never rejects. */
  async stop(): Promise<void> {
    this.#reading.abort();
    this.#wake();
    const orderly = async (): Promise<void> => {
      await Promise.all([this.#running, this.#catchUps?.ended()]);
      // One that is being kept may be of an earlier moment.
      for (const _ of ['earlier', 'last']) await Promise.all(this.#list.workers().map((worker) => worker.checkpoint()));
    };
    await Promise.race([orderly(), delay(stopWithinMs, undefined, { ref: false })]);
    this.#working.abort();
    const leaving = this.#options.checkpoints.leave().catch((error: unknown) => {
      this.#options.logger.warn({ reason: messageOf(error) }, 'the deployments could not be let go of');
    });
    await Promise.race([leaving, delay(leaveWithinMs, undefined, { ref: false })]);
  }

  /** @throws Error saying why a deployment that falls to this process is watched by nobody. */
  assertWatched(): void {
    if (this.#trouble !== null) throw new Error(this.#trouble);
    this.#list.assertWatched();
  }

  /** @throws Error saying why TRAFFIC cannot be followed now, or EventLogError. */
  async assertFollows(): Promise<void> {
    const { lastSeq } = await this.#options.traffic.head();
    // What failed and has caught up since is over.
    const ofLive = this.#live !== undefined && this.#live.position < lastSeq ? this.#live.failure : undefined;
    const failure = ofLive ?? this.#catchUps?.failure;
    if (failure !== undefined) throw new Error(`TRAFFIC cannot be followed: ${failure}`);
  }

  /** @throws Error saying why PostgreSQL does not keep what is kept there. */
  assertKept(): void {
    if (this.#unheard !== null) throw new Error(this.#unheard);
  }

  /** Brings the gauges up to date. Fails as the log does. */
  async measure(): Promise<void> {
    const { metrics, traffic } = this.#options;
    for (const [state, count] of Object.entries(this.#list.counts())) metrics.deployments.set({ state }, count);
    metrics.unwatched.reset();
    for (const { deployment, code } of this.#list.unwatched()) metrics.unwatched.set({ deployment, code }, 1);
    if (this.#live === undefined) return;
    const position = Math.min(this.#live.position, this.#catchUps?.position ?? Infinity);
    const { lastSeq } = await traffic.head();
    metrics.position.set(position);
    metrics.lag.set(Math.max(0, lastSeq - position));
  }

  get #stopped(): boolean {
    return this.#reading.signal.aborted;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { checkpoints, traffic, governance, logger, place } = this.#options;
    const { signal } = this.#reading;
    const begun = await this.#retried(async () => {
      await checkpoints.open();
      // Who has traffic up to here was asked for before: the names in EVENTS as they are now hold every one of them.
      const { lastSeq } = await traffic.head();
      await governance.reached(await governance.head(), signal);
      return lastSeq;
    });
    if (begun === undefined) return;
    this.#trouble = null;
    const isOwn = (name: string): boolean => isAt(place, name);
    for (const name of governance.governance.deployments().filter(isOwn)) this.#list.enter(name);
    const { tickMs, checkpointMs, beatMs, retryMs } = this.#times;
    const onOther = (deployment: string): void => {
      if (this.#list.meet(deployment)) this.#wake();
    };
    const live = new TrafficFollower({ traffic, afterSeq: begun, isOwn, onOther, retryMs, logger });
    const catchUps = new CatchUps({ traffic, live, retryMs, logger, signal });
    [this.#live, this.#catchUps] = [live, catchUps];
    logger.info({ traffic_seq: begun, deployments: this.#list.size }, 'follows TRAFFIC');
    await Promise.all([
      live.follow(signal),
      this.#takingUp(catchUps),
      this.#every(beatMs, () => this.#beat()),
      this.#every(tickMs, () => {
        this.#tick();
      }),
      this.#every(checkpointMs, () => {
        for (const worker of this.#list.workers()) if (!worker.isKeeping) void this.#keep(worker, live);
      }),
    ]);
  }

  async #takingUp(catchUps: CatchUps): Promise<void> {
    while (!this.#stopped) {
      const nap = new AbortController();
      this.#wake = () => {
        nap.abort();
      };
      for (const [deployment, entry] of this.#list.due()) await this.#takeUp(deployment, entry, catchUps);
      catchUps.begin();
      await delay(this.#times.retryMs, undefined, { signal: nap.signal }).catch(() => undefined);
    }
  }

  /** Never rejects. */
  async #takeUp(deployment: string, entry: Waiting, catchUps: CatchUps): Promise<void> {
    if (this.#stopped) return;
    const { logger } = this.#options;
    const { hasTraffic, anew } = entry;
    Object.assign(entry, { hasTraffic: false });
    const onEnded = (worker: DeploymentWorker, why: WatchEnded): void => {
      this.#ended(worker, why);
    };
    try {
      const taken = await takeUp({ deployment, anew, signal: this.#working.signal, onEnded }, this.#options);
      switch (taken.kind) {
        case 'worker':
          this.#list.watch(taken.worker, entry);
          catchUps.add(taken.worker, taken.afterSeq, taken.restored ? 'checkpoint' : 'beginning');
          return;
        case 'elsewhere':
          entry.hasTraffic = hasTraffic;
          if (this.#list.isElsewhere(entry))
            logger.warn({ deployment, by: taken.by }, 'the deployment is watched by another process');
          return;
        case 'silent':
          // Unless a message of it was met while it was looked for.
          if (!entry.hasTraffic) this.#list.drop(deployment);
      }
    } catch (error) {
      entry.hasTraffic = hasTraffic;
      const reason = messageOf(error);
      this.#list.failed(entry, error instanceof ModelogError ? error.code : 'not_taken_up', reason);
      logger.warn({ deployment, reason }, 'the deployment cannot be taken up yet');
    }
  }

  #ended(worker: DeploymentWorker, why: WatchEnded): void {
    if (!this.#list.ended(worker, why)) return;
    const { deployment } = worker;
    this.#live?.remove(worker);
    this.#catchUps?.remove(worker);
    this.#options.metrics.ended.inc({ deployment, code: why.code });
    this.#options.logger.error({ err: why, deployment }, 'the deployment is no longer watched here');
  }

  /** Never rejects. */
  async #keep(worker: DeploymentWorker, live: TrafficFollower): Promise<void> {
    if (live.has(worker)) worker.settle();
    await worker.checkpoint();
    const { governance, metrics, logger } = this.#options;
    const { deployment } = worker;
    const isOver = !governance.governance.isLive(deployment) && live.has(worker);
    if (!isOver || worker.restingMs < this.#times.restMs || this.#stopped) return;
    // Its next message is met as that of a deployment that nobody watches yet.
    live.remove(worker);
    this.#list.drop(deployment);
    worker.close();
    metrics.checkpointBytes.remove({ deployment });
    logger.info({ deployment, traffic_seq: worker.seq }, 'the deployment takes no traffic and is put down');
  }

  async #beat(): Promise<void> {
    const { checkpoints, logger, onNameTaken } = this.#options;
    try {
      await checkpoints.beat();
      if (this.#unheard !== null) logger.info('PostgreSQL answers again');
      this.#unheard = null;
    } catch (error) {
      if (this.#unheard === null)
        logger.warn({ reason: messageOf(error) }, 'other processes could not be told that this one lives');
      this.#unheard = messageOf(error);
      if (!(error instanceof NameTaken)) return;
      logger.fatal({ err: error }, 'nothing is watched here any more');
      this.#trouble = error.message;
      this.#working.abort();
      this.#reading.abort();
      this.#list.clear();
      onNameTaken();
    }
  }

  #tick(): void {
    const { governance } = this.#options.governance;
    for (const worker of this.#list.workers()) {
      if (!governance.isLive(worker.deployment)) continue;
      const { settings } = governance.settingsAt(worker.deployment, governance.position);
      if (settings.drift_detection.window_seconds !== null || settings.quality.max_silence_s !== null) worker.tick();
    }
  }

  /** Until it succeeds; undefined when stopped before. */
  async #retried<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.#stopped) {
      try {
        return await work();
      } catch (error) {
        this.#trouble = messageOf(error);
        this.#options.logger.warn({ reason: this.#trouble }, 'monitoring cannot begin yet');
      }
      await this.#pause(this.#times.retryMs);
    }
    return undefined;
  }

  async #every(milliseconds: number, work: () => unknown): Promise<void> {
    for (;;) {
      await this.#pause(milliseconds);
      if (this.#stopped) return;
      await work();
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return delay(milliseconds, undefined, { signal: this.#reading.signal }).catch(() => undefined);
  }
}
