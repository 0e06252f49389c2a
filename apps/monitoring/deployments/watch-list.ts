import type { Clock } from '#libs/kernel/index.js';
import { MonitorStateUnfit } from '#libs/monitoring/index.js';
import type { DeploymentWorker } from './deployment-worker.js';
import { FindingsUnlike, WatchFailed, WatchLost, type WatchEnded } from '../errors.js';

/** A deployment of this process that is not watched here. */
export interface Waiting {
  readonly kind: 'waiting';
  /** Monotonic milliseconds before which it is not tried again. */
  notBefore: number;
  /** Times in a row that it has ended or could not be begun. */
  failures: number;
  /** The checkpoint is not gone on with. */
  anew: boolean;
  /** A message of it was met. */
  hasTraffic: boolean;
  /** Why it is not watched by anybody; null for one that has just been met, or that another process watches. */
  reason: { readonly code: string; readonly detail: string } | null;
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

export type WatchState = 'watched' | 'waiting' | 'elsewhere';

const longestPauseMs = 60_000;
/** Times in a row that a deployment is lost to nobody before its checkpoint is not gone on with. */
const lostInVain = 3;
/** Deployments that are told by name. */
const mostTold = 5;

/** The deployments that fall to this process, and whether each is watched. */
export class WatchList {
  readonly #entries = new Map<string, Waiting | Watched>();

  /** @param retryMs the first pause before a deployment is tried again; it doubles with every failure */
  constructor(
    private readonly clock: Clock,
    private readonly retryMs: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  workers(): DeploymentWorker[] {
    return [...this.#entries.values()].flatMap((entry) => (entry.kind === 'watched' ? [entry.worker] : []));
  }

  /** Those that are to be tried now. */
  due(): (readonly [deployment: string, entry: Waiting])[] {
    const now = this.clock.monotonic();
    return [...this.#entries].flatMap(([deployment, entry]) =>
      entry.kind === 'waiting' && entry.notBefore <= now ? [[deployment, entry] as const] : [],
    );
  }

  enter(deployment: string): Waiting {
    const entry: Waiting = {
      ...{ kind: 'waiting', notBefore: 0, failures: 0, anew: false, hasTraffic: false, reason: null, elsewhere: false },
    };
    this.#entries.set(deployment, entry);
    return entry;
  }

  /** A message of a deployment was met that nobody here was given. @returns whether that is news */
  meet(deployment: string): boolean {
    const entry = this.#entries.get(deployment) ?? this.enter(deployment);
    if (entry.kind !== 'waiting' || entry.hasTraffic) return false;
    entry.hasTraffic = true;
    return true;
  }

  drop(deployment: string): void {
    this.#entries.delete(deployment);
  }

  clear(): void {
    this.#entries.clear();
  }

  watch(worker: DeploymentWorker, { failures }: Waiting): void {
    this.#entries.set(worker.deployment, {
      ...{ kind: 'watched', worker, failures, since: this.clock.monotonic() },
    });
  }

  /** @returns false for a worker that is none of this list's. */
  ended(worker: DeploymentWorker, why: WatchEnded): boolean {
    const entry = this.#entries.get(worker.deployment);
    if (entry?.kind !== 'watched' || entry.worker !== worker) return false;
    const lasted = this.clock.monotonic() - entry.since > longestPauseMs;
    const waiting = this.enter(worker.deployment);
    this.failed(waiting, why.code, why.message, lasted ? 1 : entry.failures + 1);
    // Its messages are not met again: they are on the log.
    waiting.hasTraffic = true;
    const isUnfit =
      why instanceof FindingsUnlike || (why instanceof WatchFailed && why.cause instanceof MonitorStateUnfit);
    // Nobody else has it, and still another's record stands in its place, each time: what it goes on from is wrong.
    waiting.anew = isUnfit || (why instanceof WatchLost && waiting.failures >= lostInVain);
    return true;
  }

  failed(entry: Waiting, code: string, detail: string, failures = entry.failures + 1): void {
    Object.assign(entry, { failures, elsewhere: false, reason: { code, detail }, notBefore: this.#soon(failures) });
  }

  /** @returns whether that is news. */
  isElsewhere(entry: Waiting): boolean {
    const isNews = !entry.elsewhere;
    Object.assign(entry, { elsewhere: true, reason: null, notBefore: this.#soon(2) });
    return isNews;
  }

  counts(): Readonly<Record<WatchState, number>> {
    const counts = { watched: 0, waiting: 0, elsewhere: 0 };
    for (const entry of this.#entries.values())
      counts[entry.kind === 'watched' ? 'watched' : entry.elsewhere ? 'elsewhere' : 'waiting'] += 1;
    return counts;
  }

  /** Those that nobody watches though they fall to this process, and why. */
  unwatched(): readonly { readonly deployment: string; readonly code: string; readonly detail: string }[] {
    return [...this.#entries].flatMap(([deployment, entry]) =>
      entry.kind === 'waiting' && entry.reason !== null ? [{ deployment, ...entry.reason }] : [],
    );
  }

  /** @throws Error naming deployments that nobody watches. */
  assertWatched(): void {
    const found = this.unwatched();
    if (found.length === 0) return;
    const told = found
      .slice(0, mostTold)
      .map(({ deployment, detail }) => `deployment ${deployment} is not watched: ${detail}`);
    const more = found.length - told.length;
    throw new Error([...told, ...(more === 0 ? [] : [`and ${more} more are not watched`])].join('; '));
  }

  /** Longer with every failure. */
  #soon(failures: number): number {
    return this.clock.monotonic() + Math.min(longestPauseMs, this.retryMs * 2 ** Math.min(failures - 1, 10));
  }
}
