/** Decisions that rest on more than their own aggregate: look at a position of the log, decide, append only there. */
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import { StreamMovedOn, type EventReader } from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { tokens } from '../tokens.js';

/** Milliseconds that a decision may be overtaken before it is given up. */
const patienceMs = 5_000;
const longestPauseMs = 50;

@Injectable()
export class GuardedAppend {
  constructor(
    @Inject(tokens.events) private readonly events: EventReader<GovernanceEvent>,
    @Inject(tokens.clock) private readonly clock: Clock,
  ) {}

  /**
   * Runs `decide` with the log's last sequence as its leader tells it; again with a newer one whenever its append finds
   * that the log has moved on.
   * @throws StreamMovedOn (503 `append_contention`) when that goes on for 5 seconds; whatever `decide` throws.
   */
  async at<T>(decide: (head: number) => Promise<T>): Promise<T> {
    const start = this.clock.monotonic();
    for (let attempt = 1; ; attempt++) {
      const { lastSeq } = await this.events.head();
      try {
        return await decide(lastSeq);
      } catch (error) {
        if (!(error instanceof StreamMovedOn) || this.clock.monotonic() - start >= patienceMs) throw error;
        await pause(Math.min(longestPauseMs, attempt));
      }
    }
  }
}
