import { rejection, type Rejection } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { ActiveRouting, Route } from '../routing/active-routing.js';
import type { Lease } from '../routing/lease.js';
import { Waiting, type Cohort } from './waiting.js';

/** Requests that were answered without being recorded. */
export type Unrecorded =
  | 'unauthorised'
  | 'malformed'
  | 'too_large'
  | 'unknown_deployment'
  | 'not_live'
  | 'version_not_served'
  | 'deadline_exceeded'
  | 'routing_stale'
  | 'overloaded'
  | 'log_unavailable'
  | 'draining';

export interface AdmissionOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly routing: () => ActiveRouting;
  /** Rows waiting or being recorded; above it a request is refused. */
  readonly maxQueuedRows: number;
  /** Milliseconds that the oldest row under way may have waited; past it a request is refused. */
  readonly queueDeadlineMs: number;
}

/** Of the deadline: how exactly the oldest row's time is known. */
const exactness = 1 / 100;

/**
 * Milliseconds for which requests wait for a lease that has run out, from when that was noticed: as long as a process that
 * was stopped, or a log that has changed its leader, needs. Further requests are refused at once.
 */
const patienceMs = 1_000;
/** The event loop's turns are known to a quarter of a second (the lease is renewed so often): a longer gap is a stop. */
const stopMs = 500;

/** Decides at the door: may this process route now, and is there room? Holds the counts that a drain waits for. */
export class Admission {
  /** Rows accepted and not answered yet. */
  queuedRows = 0;
  /** Requests accepted and not answered yet. */
  requests = 0;
  #mostQueuedRows = 0;
  /** Answers are the last of their connection. */
  draining = false;
  readonly unrecorded = new Map<Unrecorded, number>();
  readonly #waiting: Waiting;
  readonly #idle: (() => void)[] = [];
  /** Since when requests find no lease; null: the last one found one. */
  #staleSince: number | null = null;
  readonly #awaitRenewal: (() => void)[] = [];
  #turnedAt: number;

  constructor(private readonly options: AdmissionOptions) {
    this.#waiting = new Waiting(options.queueDeadlineMs * exactness);
    this.#turnedAt = options.clock.monotonic();
    options.lease.onRenewed(() => {
      for (const renewed of this.#awaitRenewal.splice(0)) renewed();
    });
  }

  now(): number {
    return this.options.clock.monotonic();
  }

  get queueDeadlineMs(): number {
    return this.options.queueDeadlineMs;
  }

  get routing(): ActiveRouting {
    return this.options.routing();
  }

  /** The lease is looked at here, at the moment of routing. */
  mayRoute(now: number): boolean {
    const isValid = this.options.lease.isValidAt(now);
    if (isValid) this.#staleSince = null;
    else this.#staleSince ??= now;
    return isValid;
  }

  /** Until when a request that may not be routed waits for the lease. */
  get patientUntil(): number {
    return (this.#staleSince ?? Number.NEGATIVE_INFINITY) + patienceMs;
  }

  /** Resolves when the lease is renewed. */
  renewal(): Promise<void> {
    return new Promise((resolve) => this.#awaitRenewal.push(resolve));
  }

  stale(): Rejection {
    this.count('routing_stale');
    return rejection('routing_stale', 'the routing table was not confirmed with the event log within a second');
  }

  /**
   * The event loop turns at `now`. What waited while the process was stopped did not wait for it: rows that came before
   * are not a reason to refuse others.
   */
  turned(now: number): void {
    if (now - this.#turnedAt > stopMs) this.#waiting.forget(now - this.#turnedAt);
    this.ran(now);
  }

  /** A run of a model has ended: however long it took, it was no stop. */
  ran(endedAt: number): void {
    if (endedAt > this.#turnedAt) this.#turnedAt = endedAt;
  }

  /** Null when there is room for `rows`. */
  overload(now: number, rows: number): Rejection | null {
    this.turned(now);
    if (this.queuedRows + rows > this.options.maxQueuedRows) {
      this.count('overloaded');
      return rejection(
        'overloaded',
        `${this.queuedRows} rows are waiting in this process, the limit is ${this.options.maxQueuedRows}`,
      );
    }
    const { queueDeadlineMs } = this.options;
    const waited = this.#waiting.longestAt(now);
    if (waited > queueDeadlineMs) {
      this.count('overloaded');
      return rejection(
        'overloaded',
        `the oldest row in this process has waited for ${Math.round(waited)} ms, the limit is ${queueDeadlineMs} ms`,
      );
    }
    return null;
  }

  /** Why the route does not serve, counted. */
  unserved(route: Route & { readonly refusal: Rejection }): Rejection {
    this.count('not_live');
    return route.refusal;
  }

  /** Rows are under way. `now`: from when on they wait. @returns what is to be given to `leave` */
  enter(rows: number, now: number): Cohort {
    this.#add(rows);
    return this.#waiting.enter(now);
  }

  leave(rows: number, cohort: Cohort): void {
    this.queuedRows -= rows;
    this.#waiting.leave(cohort);
    this.#gone();
  }

  /** Rows wait for their version to be loaded: they count, but nobody waits behind them. */
  park(rows: number): void {
    this.#add(rows);
  }

  unpark(rows: number): void {
    this.queuedRows -= rows;
    this.#gone();
  }

  /** The most rows that were under way at once since this was asked last. */
  takeMostQueuedRows(): number {
    const most = this.#mostQueuedRows;
    this.#mostQueuedRows = this.queuedRows;
    return most;
  }

  count(what: Unrecorded): void {
    this.unrecorded.set(what, (this.unrecorded.get(what) ?? 0) + 1);
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.requests === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #add(rows: number): void {
    this.queuedRows += rows;
    this.requests += 1;
    if (this.queuedRows > this.#mostQueuedRows) this.#mostQueuedRows = this.queuedRows;
  }

  #gone(): void {
    this.requests -= 1;
    if (this.requests === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
