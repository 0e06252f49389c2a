import { decodeTick, encodeTick, header, subjects } from '#libs/contracts/index.js';
import { StreamConflict, type StreamMessage, type StreamStore } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { WatchLost } from '../errors.js';

/** What was sent longer ago, a tick a minute, arrives no more. */
const mostUnclear = 100;

/** Says of one deployment, again and again, that the log has come so far. Of two who do so one is refused. */
export class TickWriter {
  /** Message ids of ticks behind the last known one that may be stored or not. */
  #unclear: string[] = [];

  private constructor(
    private readonly traffic: StreamStore,
    private readonly deployment: string,
    /** Tells its ticks from another process's. */
    private readonly writer: string,
    private lastSeq: number,
    private lastAt: number,
  ) {}

  /** Behind the last tick that there is. @throws EventLogError. */
  static async open(traffic: StreamStore, deployment: string, writer: string): Promise<TickWriter> {
    const last = await traffic.lastOf(subjects.ticks(deployment), 'leader');
    return new TickWriter(traffic, deployment, writer, last?.seq ?? 0, last === undefined ? 0 : instantOf(last));
  }

  /**
   * Nothing is written where the clock has run back behind the last tick.
   * @param at milliseconds since the epoch
   * @throws WatchLost when another process has written one since; EventLogError, after which it may be written.
   */
  async write(at: number, eventsSeq: number): Promise<void> {
    if (at <= this.lastAt) return;
    const tick = { deployment: this.deployment, at: isoTime(at), events_seq: eventsSeq };
    const message = encodeTick(tick, this.writer);
    this.#unclear = [...this.#unclear.slice(1 - mostUnclear), message.messageId];
    try {
      const { seq } = await this.traffic.publish({ ...message, expectedLastSubjectSeq: this.lastSeq });
      this.#moveTo(seq, at);
    } catch (error) {
      if (!(error instanceof StreamConflict)) throw error;
      // A tick whose answer was lost stands in the way of the next one.
      const last = await this.traffic.lastOf(message.subject, 'leader');
      if (last === undefined || !this.#unclear.includes(last.headers.get(header.id) ?? ''))
        throw new WatchLost(this.deployment, message.subject, this.lastSeq, { cause: error });
      this.#moveTo(last.seq, instantOf(last));
    }
  }

  #moveTo(seq: number, at: number): void {
    [this.lastSeq, this.lastAt] = [seq, at];
    this.#unclear = [];
  }
}

/** Of a tick that cannot be read, when it was stored. */
function instantOf({ data, time }: StreamMessage): number {
  try {
    return Date.parse(decodeTick(data).at);
  } catch {
    return time;
  }
}
