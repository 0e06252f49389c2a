import { setTimeout as delay } from 'node:timers/promises';
import {
  catalogueOf,
  ConfigurationApplied,
  DeploymentRequested,
  DeploymentRetired,
  DeploymentWentLive,
  VersionRegistered,
  type GovernanceEvent,
} from '#libs/contracts/index.js';
import {
  EventReader,
  isUnknown,
  StreamTimeout,
  StreamUnavailable,
  type LogRecord,
  type StreamStore,
} from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { Governance } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';

/** What is folded; of everything else the position alone counts. */
const catalogue = catalogueOf([
  ConfigurationApplied,
  VersionRegistered,
  DeploymentRequested,
  DeploymentWentLive,
  DeploymentRetired,
]);

const retryMs = 1_000;

/** EVENTS, followed from its beginning. */
export class FollowedGovernance {
  readonly governance = new Governance();
  readonly #reader: EventReader<GovernanceEvent>;
  readonly #waiting = new Set<{ readonly seq: number; readonly wake: () => void }>();
  #failure: string | undefined;

  constructor(
    events: StreamStore,
    private readonly logger: Logger,
  ) {
    this.#reader = new EventReader<GovernanceEvent>(events, catalogue);
  }

  /** @throws Error saying why EVENTS cannot be followed now, or EventLogError. */
  async assertFollows(): Promise<void> {
    const lastSeq = await this.head();
    // What failed and has caught up since is over.
    if (this.#failure !== undefined && this.governance.position < lastSeq) throw new Error(this.#failure);
  }

  /** Until the signal aborts. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const records of this.#reader.follow({ fromSeq: this.governance.position + 1, signal })) {
          this.#failure = undefined;
          for (const record of records) this.#fold(record);
          this.#wake();
        }
      } catch (error) {
        this.#failure = messageOf(error);
        this.logger.error({ err: error }, 'the governance log cannot be followed');
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The log's last sequence, as its leader answers now. */
  async head(): Promise<number> {
    return (await this.#reader.head()).lastSeq;
  }

  /**
   * Resolves when everything up to a sequence is folded, when the log's leader says that there is no such sequence yet, or
   * when the signal aborts. While the log is away it waits.
   * @returns the last sequence that there is, as far as it is known: less than was asked for where there is no more
   */
  async reached(seq: number, signal: AbortSignal): Promise<number> {
    while (this.governance.position < seq && !signal.aborted) {
      const lastSeq = await this.#headOrNothing();
      if (lastSeq !== undefined && lastSeq < seq) return lastSeq;
      if (lastSeq !== undefined) await this.#folded(seq, signal);
      else await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
    return this.governance.position;
  }

  async #headOrNothing(): Promise<number | undefined> {
    try {
      return await this.head();
    } catch (error) {
      if (!(error instanceof StreamTimeout || error instanceof StreamUnavailable)) throw error;
      return undefined;
    }
  }

  #folded(seq: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { seq, wake: done };
      const waiting = this.#waiting;
      function done(): void {
        waiting.delete(waiter);
        signal.removeEventListener('abort', done);
        resolve();
      }
      waiting.add(waiter);
      signal.addEventListener('abort', done);
      if (signal.aborted || this.governance.position >= seq) done();
    });
  }

  #fold(record: LogRecord<GovernanceEvent>): void {
    const event = isUnknown(record) ? null : record.event;
    if (isUnknown(record) && record.unknown.code !== 'unknown_event_type')
      this.logger.error({ seq: record.seq, unknown: record.unknown }, 'an event cannot be read and does not count');
    try {
      this.governance.fold(record.seq, event);
    } catch (error) {
      this.logger.error({ err: error, seq: record.seq }, 'deployments are watched as they were before');
    }
  }

  #wake(): void {
    for (const waiter of [...this.#waiting]) if (waiter.seq <= this.governance.position) waiter.wake();
  }
}
