import { monitoringEvents, subjects, type GovernanceEvent, type MonitoringEvent } from '#libs/contracts/index.js';
import { isUnknown, type EventReader, type LogRecord } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { Governance } from '#libs/monitoring/index.js';
import type { Io } from '../../io.js';

const pageSize = 1000;
const findingTypes: ReadonlySet<string> = new Set(monitoringEvents.map(({ type }) => type));

/** EVENTS as it is: what deployments were watched by, and what was found of one of them. */
export class RecordedGovernance {
  readonly governance = new Governance();
  readonly findings: MonitoringEvent[] = [];
  /** What could not be read, as the monitor passes it by. */
  readonly notes: string[] = [];
  /** By sequence, from 1: running maximum of the server's time. */
  readonly #times: number[] = [];

  private constructor(private readonly subject: string) {}

  /** @throws EventLogError, and what the signal aborts with */
  static async read(
    reader: EventReader<GovernanceEvent>,
    deployment: string,
    { signal }: Pick<Io, 'signal'>,
  ): Promise<RecordedGovernance> {
    const read = new RecordedGovernance(subjects.monitor(deployment));
    for (let next: number | undefined = 1; next !== undefined;) {
      const page: Awaited<ReturnType<typeof reader.page>> = await reader.page(next, pageSize);
      signal.throwIfAborted();
      for (const record of page.records) read.#fold(record);
      next = page.nextSeq;
    }
    return read;
  }

  get position(): number {
    return this.governance.position;
  }

  /** The log's time at a sequence; undefined behind the end. */
  timeAt(seq: number): number | undefined {
    return this.#times[seq - 1];
  }

  #fold(record: LogRecord<GovernanceEvent>): void {
    this.#times[record.seq - 1] = Math.max(this.#times.at(-1) ?? 0, record.storedAt);
    const event = isUnknown(record) ? null : record.event;
    if (event !== null && record.subject === this.subject && isFinding(event)) this.findings.push(event);
    try {
      this.governance.fold(record.seq, event);
    } catch (error) {
      this.notes.push(messageOf(error));
    }
  }
}

const isFinding = (event: GovernanceEvent): event is MonitoringEvent => findingTypes.has(event.type);
