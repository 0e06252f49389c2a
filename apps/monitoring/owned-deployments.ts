import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#libs/kernel/index.js';
import { MonitorStateUnfit } from '#libs/monitoring/index.js';
import type { DeploymentWorker } from './deployment-worker.js';
import { NameTaken, WatchFailed, type WatchEnded } from './errors.js';
import { TrafficFollower } from './follow-traffic.js';
import { isAt, type Place } from './place.js';
import { takeUp, type TakenUp, type TakeUpOptions } from './take-up.js';

export interface OwnedDeploymentsOptions extends TakeUpOptions {
  readonly place: Place;
  /** Milliseconds from one to the next (defaults: 60,000, 3,000, 2,000 and 1,000). */
  readonly tickMs?: number;
  readonly checkpointMs?: number;
  readonly beatMs?: number;
  readonly retryMs?: number;
}

/** A deployment of this process that is not watched here. */
interface Waiting {
  readonly kind: 'waiting';
  /** Monotonic milliseconds before which it is not tried again. */
  notBefore: number;
  /** Times in a row that it has ended or could not be begun. */
  failures: number;
  /** The checkpoint is not gone on with. */
  anew: boolean;
  /** A message of it was met. */
  hasTraffic: boolean;
  /** Why it is not watched; null for one that has just been met. */
  reason: string | null;
  elsewhere: boolean;
}

interface Watched {
  readonly kind: 'watched';
  readonly worker: DeploymentWorker;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** Before it, in a row. */
  readonly failures: number;
}

type Entry = Waiting | Watched;

const defaults = { tickMs: 60_000, checkpointMs: 3_000, beatMs: 2_000, retryMs: 1_000 } as const;
const longestPauseMs = 60_000;
/** Messages behind the live follower at which that one stands still, so that what catches up can join it. */
const nearMessages = 1_000;
/** A stop waits so long for what is being stored. */
const stopWithinMs = 6_000;

/** The deployments that fall to this process: found, taken up, followed, kept, and taken up again when they were lost. */
export class OwnedDeployments {
  readonly #options: OwnedDeploymentsOptions;
  readonly #times: typeof defaults;
  readonly #entries = new Map<string, Entry>();
  readonly #followers = new Set<TrafficFollower>();
  readonly #reading = new AbortController();
  readonly #working = new AbortController();
  readonly #catchingUp = new Set<Promise<void>>();
  #live: TrafficFollower | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #trouble: string | null = 'it has not begun';

  constructor(options: OwnedDeploymentsOptions) {
    const { tickMs, checkpointMs, beatMs, retryMs } = { ...defaults, ...options };
    this.#options = options;
    this.#times = { tickMs, checkpointMs, beatMs, retryMs } as typeof defaults;
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
      await Promise.all([this.#running, ...this.#catchingUp]);
      await Promise.all(this.#workers().map((worker) => worker.checkpoint()));
    };
    await Promise.race([orderly(), delay(stopWithinMs, undefined, { ref: false })]);
    this.#working.abort();
    await this.#options.checkpoints.leave().catch((error: unknown) => {
      this.#options.logger.warn({ reason: messageOf(error) }, 'the deployments could not be let go of');
    });
  }

  /** @throws Error saying why a deployment that falls to this process is watched by nobody. */
  assertWatched(): void {
    if (this.#trouble !== null) throw new Error(this.#trouble);
    for (const [deployment, entry] of this.#entries)
      if (entry.kind === 'waiting' && !entry.elsewhere && entry.reason !== null)
        throw new Error(`deployment ${deployment} is not watched: ${entry.reason}`);
  }

  /** Brings the gauges up to date. */
  async measure(): Promise<void> {
    const { metrics, traffic } = this.#options;
    const states = { watched: 0, waiting: 0, elsewhere: 0 };
    for (const entry of this.#entries.values())
      states[entry.kind === 'watched' ? 'watched' : entry.elsewhere ? 'elsewhere' : 'waiting'] += 1;
    for (const [state, count] of Object.entries(states)) metrics.deployments.set({ state }, count);
    const position = Math.min(...[...this.#followers].map((follower) => follower.position));
    if (position === Infinity) return;
    const { lastSeq } = await traffic.head();
    metrics.position.set(position);
    metrics.lag.set(Math.max(0, lastSeq - position));
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
    for (const name of governance.governance.deployments().filter(isOwn)) this.#enter(name);
    this.#live = new TrafficFollower(traffic, begun, isOwn, (deployment) => {
      this.#meet(deployment);
    });
    this.#followers.add(this.#live);
    logger.info({ traffic_seq: begun, deployments: this.#entries.size }, 'follows TRAFFIC');
    const { tickMs, checkpointMs, beatMs } = this.#times;
    await Promise.all([
      this.#following(this.#live),
      this.#takingUp(this.#live),
      this.#every(beatMs, () => this.#beat()),
      this.#every(tickMs, () => {
        this.#tick();
      }),
      this.#every(checkpointMs, () => Promise.all(this.#workers().map((worker) => worker.checkpoint()))),
    ]);
  }

  #enter(deployment: string): Waiting {
    const entry: Waiting = {
      ...{ kind: 'waiting', notBefore: 0, failures: 0, anew: false, hasTraffic: false, reason: null, elsewhere: false },
    };
    this.#entries.set(deployment, entry);
    return entry;
  }

  /** A message of a deployment that the live follower hands to nobody. */
  #meet(deployment: string): void {
    const entry = this.#entries.get(deployment) ?? this.#enter(deployment);
    if (entry.kind !== 'waiting' || entry.hasTraffic) return;
    entry.hasTraffic = true;
    this.#wake();
  }

  async #takingUp(live: TrafficFollower): Promise<void> {
    const { signal } = this.#reading;
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      await this.#takeUpWaiting(live);
      await Promise.race([woken, this.#pause(this.#times.retryMs)]);
    }
  }

  /** Those with a checkpoint do not wait for those that are read from their beginning. */
  async #takeUpWaiting(live: TrafficFollower): Promise<void> {
    const now = this.#options.clock.monotonic();
    const [restored, begun]: [DeploymentWorker[], DeploymentWorker[]] = [[], []];
    for (const [deployment, entry] of this.#entries) {
      if (entry.kind !== 'waiting' || entry.notBefore > now || this.#reading.signal.aborted) continue;
      const taken = await this.#takeUp(deployment, entry);
      if (taken?.kind === 'worker') (taken.restored ? restored : begun).push(taken.worker);
    }
    for (const group of [restored, begun]) {
      if (group.length === 0) continue;
      const catching = this.#catchUp(group, live).finally(() => this.#catchingUp.delete(catching));
      this.#catchingUp.add(catching);
    }
  }

  /** Never rejects. */
  async #takeUp(deployment: string, entry: Waiting): Promise<TakenUp | undefined> {
    const { hasTraffic, anew, elsewhere } = entry;
    Object.assign(entry, { hasTraffic: false });
    const onEnded = (worker: DeploymentWorker, why: WatchEnded): void => {
      this.#ended(worker, why);
    };
    try {
      const taken = await takeUp({ deployment, anew, signal: this.#working.signal, onEnded }, this.#options);
      switch (taken.kind) {
        case 'worker':
          this.#watch(taken.worker, entry);
          break;
        case 'elsewhere':
          if (!elsewhere)
            this.#options.logger.warn({ deployment, by: taken.by }, 'the deployment is watched by another process');
          Object.assign(entry, { elsewhere: true, reason: null, notBefore: this.#soon(2), hasTraffic });
          break;
        case 'silent':
          // Unless a message of it was met while it was looked for.
          if (!entry.hasTraffic) this.#entries.delete(deployment);
      }
      return taken;
    } catch (error) {
      entry.failures += 1;
      const reason = messageOf(error);
      Object.assign(entry, { elsewhere: false, reason, notBefore: this.#soon(entry.failures), hasTraffic });
      this.#options.logger.warn({ deployment, reason }, 'the deployment cannot be taken up yet');
      return undefined;
    }
  }

  #watch(worker: DeploymentWorker, { failures }: Waiting): void {
    this.#entries.set(worker.deployment, {
      ...{ kind: 'watched', worker, failures, since: this.#options.clock.monotonic() },
    });
  }

  /** From the farthest behind of them up to where the live follower is, which they join. Never rejects. */
  async #catchUp(workers: readonly DeploymentWorker[], live: TrafficFollower): Promise<void> {
    const names = new Set(workers.map(({ deployment }) => deployment));
    const first = Math.min(...workers.map(({ seq }) => seq));
    const follower = new TrafficFollower(this.#options.traffic, first, (name) => names.has(name));
    for (const worker of workers) follower.add(worker);
    this.#followers.add(follower);
    const isNear = (): boolean => live.position - follower.position <= nearMessages;
    const hasJoined = (): boolean => held !== undefined && follower.position >= live.position;
    const mayGoOn = (): boolean => follower.members.length > 0 && !hasJoined() && (held !== undefined || !isNear());
    let held: { release(): void } | undefined;
    try {
      while (!this.#reading.signal.aborted && follower.members.length > 0 && !hasJoined()) {
        if (isNear()) held ??= await live.hold();
        if (mayGoOn()) await this.#following(follower, mayGoOn);
      }
      for (const worker of follower.members) live.add(worker);
    } finally {
      held?.release();
      this.#followers.delete(follower);
    }
  }

  /** Never rejects. @param mayGoOn is asked behind every batch */
  async #following(follower: TrafficFollower, mayGoOn: () => boolean = () => true): Promise<void> {
    const { signal } = this.#reading;
    while (!signal.aborted) {
      try {
        await follower.follow(signal, mayGoOn);
        return;
      } catch (error) {
        this.#trouble = `TRAFFIC cannot be followed: ${messageOf(error)}`;
        this.#options.logger.error({ err: error, traffic_seq: follower.position }, 'TRAFFIC cannot be followed');
      }
      await this.#pause(this.#times.retryMs);
      this.#trouble = null;
    }
  }

  #ended(worker: DeploymentWorker, why: WatchEnded): void {
    const { deployment } = worker;
    const entry = this.#entries.get(deployment);
    if (entry?.kind !== 'watched' || entry.worker !== worker) return;
    for (const follower of this.#followers) follower.remove(worker);
    const lasted = this.#options.clock.monotonic() - entry.since > longestPauseMs;
    const failures = lasted ? 1 : entry.failures + 1;
    const waiting = this.#enter(deployment);
    // Its messages are not met again: they are on the log.
    Object.assign(waiting, { failures, hasTraffic: true, reason: why.message, notBefore: this.#soon(failures) });
    waiting.anew = why instanceof WatchFailed && why.cause instanceof MonitorStateUnfit;
    this.#options.metrics.ended.inc({ deployment, code: why.code });
    this.#options.logger.error({ err: why, deployment }, 'the deployment is no longer watched here');
  }

  async #beat(): Promise<void> {
    const { checkpoints, logger } = this.#options;
    try {
      await checkpoints.beat();
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'other processes could not be told that this one lives');
      if (!(error instanceof NameTaken)) return;
      logger.fatal({ err: error }, 'nothing is watched here any more');
      this.#trouble = error.message;
      this.#working.abort();
      this.#reading.abort();
    }
  }

  #tick(): void {
    const { governance } = this.#options.governance;
    for (const worker of this.#workers()) {
      if (!governance.isLive(worker.deployment)) continue;
      const { settings } = governance.settingsAt(worker.deployment, governance.position);
      if (settings.drift_detection.window_seconds !== null || settings.quality.max_silence_s !== null) worker.tick();
    }
  }

  #workers(): DeploymentWorker[] {
    return [...this.#entries.values()].flatMap((entry) => (entry.kind === 'watched' ? [entry.worker] : []));
  }

  /** Longer with every failure. */
  #soon(failures: number): number {
    const { clock } = this.#options;
    return clock.monotonic() + Math.min(longestPauseMs, this.#times.retryMs * 2 ** Math.min(failures - 1, 10));
  }

  /** Until it succeeds; undefined when stopped before. */
  async #retried<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.#reading.signal.aborted) {
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
      if (this.#reading.signal.aborted) return;
      await work();
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return delay(milliseconds, undefined, { signal: this.#reading.signal }).catch(() => undefined);
  }
}
