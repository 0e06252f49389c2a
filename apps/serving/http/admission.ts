import { rejection, type Rejection } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { ActiveRouting, Route } from '../routing/active-routing.js';
import type { Lease } from '../routing/lease.js';

/** Requests that were answered without being recorded. */
export type Unrecorded =
  | 'unauthorised'
  | 'malformed'
  | 'too_large'
  | 'unknown_deployment'
  | 'not_live'
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
}

/** Decides at the door: may this process route now, and is there room? Holds the counts that a drain waits for. */
export class Admission {
  /** Rows accepted and not answered yet. */
  queuedRows = 0;
  /** Requests accepted and not answered yet. */
  requests = 0;
  /** Answers are the last of their connection. */
  draining = false;
  readonly unrecorded = new Map<Unrecorded, number>();
  readonly #idle: (() => void)[] = [];

  constructor(private readonly options: AdmissionOptions) {}

  now(): number {
    return this.options.clock.monotonic();
  }

  get routing(): ActiveRouting {
    return this.options.routing();
  }

  /** Null when rows may enter. The lease is looked at here, at the moment of routing. */
  refusal(now: number, rows: number): Rejection | null {
    if (!this.options.lease.isValidAt(now)) {
      this.count('routing_stale');
      return rejection('routing_stale', 'the routing table was not confirmed with the event log within a second');
    }
    if (this.queuedRows + rows > this.options.maxQueuedRows) {
      this.count('overloaded');
      return rejection(
        'overloaded',
        `${this.queuedRows} rows are waiting in this process, the limit is ${this.options.maxQueuedRows}`,
      );
    }
    return null;
  }

  /** Why the route does not serve, counted. */
  unserved(route: Route & { readonly refusal: Rejection }): Rejection {
    this.count('not_live');
    return route.refusal;
  }

  enter(rows: number): void {
    this.queuedRows += rows;
    this.requests += 1;
  }

  leave(rows: number): void {
    this.queuedRows -= rows;
    this.requests -= 1;
    if (this.requests === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  count(what: Unrecorded): void {
    this.unrecorded.set(what, (this.unrecorded.get(what) ?? 0) + 1);
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return this.requests === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
