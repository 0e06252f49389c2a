import { setTimeout as delay } from 'node:timers/promises';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { EventReader } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import { deferred } from '../deferred.js';
import type { ModelPool } from '../models/model-pool.js';
import { activeRouting, noRouting, type ActiveRouting } from './active-routing.js';
import type { Lease } from './lease.js';
import { emptyRoutingTable, foldRouting, rolloutsOf, type Rollout, type RoutingTable } from './routing-table.js';

export interface RoutingFollowerOptions {
  readonly events: Pick<EventReader<GovernanceEvent>, 'follow' | 'head'>;
  readonly pool: ModelPool;
  readonly lease: Lease;
  readonly logger: Logger;
  /** Milliseconds before following is tried again after an error (default 1,000). */
  readonly retryMs?: number;
}

/**
 * Keeps the routing table: folds EVENTS from the beginning, has the versions loaded that it names, and swaps table and
 * models as one value. Its readers take `current` once a request.
 */
export class RoutingFollower {
  current: ActiveRouting = noRouting;
  #table: RoutingTable = emptyRoutingTable;
  #caughtUp = false;
  #error: string | null = null;
  readonly #started = deferred();
  readonly #waiting: { readonly sequence: number; readonly resolve: () => void }[] = [];

  constructor(private readonly options: RoutingFollowerOptions) {}

  get table(): RoutingTable {
    return this.#table;
  }

  /** Why the log cannot be followed at the moment. */
  get error(): string | null {
    return this.#error;
  }

  /** Resolves when the log is applied up to where it ended at the call and every version that takes traffic was tried. */
  async start(signal: AbortSignal): Promise<void> {
    const { lastSeq } = await this.options.events.head();
    void this.#follow(signal);
    await this.#reached(lastSeq);
    this.#caughtUp = true;
    this.#want();
    this.#started.resolve();
    await this.#attempted();
    this.refresh();
    this.options.lease.applied(this.#table.sequence);
  }

  /**
   * Of what takes traffic, also by a rollback meanwhile, and of what is to take it: whoever asked all processes whether they
   * hold that may have done so before this one was there.
   */
  async #attempted(): Promise<void> {
    let { deployments } = this.#table;
    for (;;) {
      const due = [...rolloutsOf(this.#table)].filter(({ place }) => place !== 'former');
      await this.options.pool.attempted(due.map(({ rollout }) => rollout.rolloutId));
      if (this.#table.deployments === deployments) return;
      ({ deployments } = this.#table);
    }
  }

  /** Resolves when everything up to a sequence is applied and what the table names is held or being loaded. */
  async holds(sequence: number): Promise<void> {
    await this.#started.promise;
    await this.#reached(sequence);
  }

  #reached(sequence: number): Promise<void> {
    if (this.#table.sequence >= sequence) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ sequence, resolve }));
  }

  /** The rollout if its deployment still holds it. */
  find(deployment: string, rolloutId: string): Rollout | undefined {
    const routes = this.#table.deployments.get(deployment);
    return [routes?.pending, routes?.live, routes?.former].find((each) => each?.rolloutId === rolloutId) ?? undefined;
  }

  /** Puts the models that are loaded by now into force. */
  refresh(): void {
    this.current = activeRouting(this.#table, this.options.pool);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { events, logger, retryMs = 1_000 } = this.options;
    while (!signal.aborted) {
      try {
        for await (const records of events.follow({ fromSeq: this.#table.sequence + 1, signal })) {
          this.#error = null;
          this.#apply(foldRouting(this.#table, records));
        }
      } catch (error) {
        this.#error = messageOf(error);
        logger.error({ err: error }, 'the governance log cannot be followed');
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #apply(table: RoutingTable): void {
    const { deployments, skipped } = this.#table;
    this.#table = table;
    if (table.skipped > skipped)
      this.options.logger.warn({ skipped: table.skipped, routing_seq: table.sequence }, 'unknown events skipped');
    if (this.#caughtUp) {
      if (table.deployments === deployments) this.current = { ...this.current, sequence: table.sequence };
      else {
        this.#want();
        this.refresh();
      }
      this.options.lease.applied(table.sequence);
    }
    for (let at = this.#waiting.length - 1; at >= 0; at--)
      if (this.#waiting[at]!.sequence <= table.sequence) this.#waiting.splice(at, 1)[0]!.resolve();
  }

  #want(): void {
    this.options.pool.want(rolloutsOf(this.#table));
  }
}
