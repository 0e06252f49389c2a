import type { Clock } from '#libs/kernel/index.js';
import { feedHead, heartbeat, sentEnd, sentEvent } from '../events/server-sent-events.js';
import type { JobLog } from './job-log.js';

export interface JobLogFeedOptions {
  readonly log: Pick<JobLog, 'ended' | 'lines'>;
  readonly job: string;
  /** The first sequence that is told. */
  readonly fromSeq: number;
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which a comment is sent. */
  readonly heartbeatMs: number;
  /** Milliseconds since the epoch; null: the feed has no end of its own. */
  readonly expiresAt: number | null;
  readonly clock: Clock;
  /** Waits, not longer than it is told to; ends early with the signal. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const retryMs = 1_000;
const pageSize = 500;
/** Between two looks: a look is two small requests, and few people watch a job. */
const pollMs = 500;

/**
 * The lines of a job's log as the text of a feed: what is there, then what comes, until the job has ended and all is told;
 * then an event `end` says how. Ends with its signal and with its reader's token too.
 */
export async function* jobLogFeed(options: JobLogFeedOptions): AsyncGenerator<string> {
  const { log, job, fromSeq, signal, heartbeatMs, expiresAt, clock, pause } = options;
  yield feedHead(retryMs, 'the log of a training job');
  let next = fromSeq;
  let told = clock.monotonic();
  while (!signal.aborted && (expiresAt === null || clock.now() < expiresAt)) {
    // Asked for before the lines: what was written before the end is then among them.
    const ended = await log.ended(job);
    const lines = await log.lines(job, next, pageSize);
    if (lines.length > 0) {
      next = lines.at(-1)!.seq + 1;
      told = clock.monotonic();
      yield lines.map(({ seq, line }) => sentEvent(seq, line)).join('');
    } else if (ended !== null) {
      yield sentEnd({ status: ended });
      return;
    } else {
      if (clock.monotonic() - told >= heartbeatMs) {
        told = clock.monotonic();
        yield heartbeat(next - 1);
      }
      await pause(pollMs, signal);
    }
  }
}
