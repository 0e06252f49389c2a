import { setTimeout as delay } from 'node:timers/promises';
import {
  encodeWindowRecord,
  header,
  type CommandMeta,
  type MonitoringEvent,
  type WindowMessage,
  type WindowRecord,
} from '#libs/contracts/index.js';
import { monitorDefinition, type MonitorState } from '#libs/domain/index.js';
import {
  AppendContention,
  StreamConflict,
  StreamTimeout,
  StreamUnavailable,
  type AggregateStore,
  type StreamMessage,
  type StreamStore,
} from '#libs/event-log/index.js';
import { assertNever, messageOf, randomIds } from '#libs/kernel/index.js';
import type { MonitorOutput } from '#libs/monitoring/index.js';
import { commandMeta, type Logger } from '#libs/nest/index.js';
import { WatchLost } from './errors.js';
import { fittingTo } from './fitting.js';
import type { MonitoringMetrics } from './monitoring-metrics.js';
import type { RecordedWindows } from './recorded-windows.js';

export interface PublisherOptions {
  readonly deployment: string;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  readonly windows: StreamStore;
  /** What stood on WINDOWS when the deployment was taken up. */
  readonly recorded: RecordedWindows;
  readonly metrics: MonitoringMetrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The message of TRAFFIC that outputs rest on. */
export interface Cause {
  readonly seq: number;
  /** The log's time, milliseconds since the epoch. */
  readonly logTime: number;
}

/** The same for every process: what is found is found by whoever watches. */
const actor = 'system:monitoring';
const call = 'record finding';
const retryMs = 200;
/** Differences of one take-up that are logged one by one; all are counted. */
const mostTold = 10;

/**
 * Findings and records of one deployment onto the log, in order and one after the other. What the log has already is
 * compared and not appended again: where it says otherwise, what is recorded stands, and the difference is told. What is found
 * from then on is recorded so that it fits what the log has open.
 */
export class Publisher {
  #differences = 0;

  constructor(private readonly options: PublisherOptions) {}

  /** Sequence in WINDOWS of the deployment's last record that was published or compared. */
  get windowsSeq(): number {
    return this.options.recorded.lastSeq;
  }

  /**
   * Resolves when the log has the output. A log that is away is waited for.
   * @param index among the outputs of its cause, from 0
   * @throws WatchLost when another process appends in this one's place; EventLogError for what the server will never take.
   */
  async publish(output: MonitorOutput, cause: Cause, index: number): Promise<void> {
    switch (output.kind) {
      case 'finding':
        return this.#publishFinding(output.finding, cause, index);
      case 'record':
        return this.#publishRecord(output.record, cause, index);
      default:
        return assertNever(output, 'output of a monitor');
    }
  }

  async #publishFinding(finding: MonitoringEvent, cause: Cause, index: number): Promise<void> {
    const key = `${cause.seq}/${index}`;
    // What rests on TRAFFIC before the last record was appended before it, or never.
    const isPast = cause.seq < this.options.recorded.through;
    const answer = await (isPast ? this.#lookUp(finding, key) : this.#record(finding, key));
    if (answer?.ok === true) {
      this.#count(finding, answer.value.repeated);
      return;
    }
    this.#differs(`${finding.type} of TRAFFIC ${cause.seq}: ${answer?.rejection.detail ?? 'the log does not have it'}`);
    if (isPast) return;
    const fitting = fittingTo(finding, await this.#openFindings());
    if (fitting === null) return;
    const settled = await this.#record(fitting, `${key} as the log has it`);
    if (settled.ok) this.#count(finding, settled.value.repeated);
  }

  #record(finding: MonitoringEvent, key: string) {
    const { deployment, aggregates } = this.options;
    const command = { type: 'RecordFinding', finding } as const;
    return this.#settled(() => aggregates.execute(monitorDefinition, deployment, command, this.#metaOf(finding, key)));
  }

  #lookUp(finding: MonitoringEvent, key: string) {
    const { deployment, aggregates } = this.options;
    return this.#settled(() => aggregates.recorded(monitorDefinition, deployment, this.#metaOf(finding, key)));
  }

  async #openFindings(): Promise<MonitorState> {
    const { deployment, aggregates } = this.options;
    const load = () => aggregates.load(monitorDefinition, deployment, { consistency: 'leader' });
    return (await this.#settled(load)).state;
  }

  #metaOf(finding: MonitoringEvent, idempotencyKey: string): CommandMeta {
    const { at, configuration_seq: configSeq } = finding.data;
    return commandMeta({
      ...{ actor, call, target: this.options.deployment, idempotencyKey, body: finding },
      ...{ at: Date.parse(at), ids: randomIds },
      ...(configSeq > 0 && { configSeq }),
    });
  }

  #count({ type }: MonitoringEvent, repeated: boolean): void {
    const { deployment, metrics } = this.options;
    metrics.findings.inc({ deployment, type, how: repeated ? 'compared' : 'appended' });
  }

  async #publishRecord(record: WindowRecord, cause: Cause, index: number): Promise<void> {
    const { deployment, recorded, metrics } = this.options;
    const message = encodeWindowRecord(record, { ...cause, index });
    const known = await this.#settled(() => this.#nextRecorded(cause));
    if (known?.id === message.messageId) {
      recorded.take(known);
      if (Buffer.compare(known.data, message.data) !== 0)
        this.#differs(`${record.type} of TRAFFIC ${cause.seq} stands as another one at WINDOWS ${known.seq}`);
      metrics.records.inc({ deployment, type: record.type, how: 'compared' });
    } else if (known !== undefined || cause.seq < recorded.through) {
      this.#differs(`${record.type} of TRAFFIC ${cause.seq} is not on the log`);
    } else {
      recorded.appended(await this.#append(message));
      metrics.records.inc({ deployment, type: record.type, how: 'appended' });
    }
  }

  /** Records that were made of earlier messages, and are not made again, are passed by. */
  async #nextRecorded(cause: Cause) {
    const { recorded } = this.options;
    for (;;) {
      const next = await recorded.peek();
      if (next === undefined || next.cause >= cause.seq) return next;
      recorded.take(next);
      this.#differs(`WINDOWS ${next.seq}, of TRAFFIC ${next.cause}, is not found again`);
    }
  }

  /** @returns its sequence in WINDOWS. */
  #append(message: WindowMessage): Promise<number> {
    const { deployment, windows } = this.options;
    const expectedLastSubjectSeq = this.windowsSeq;
    return this.#settled(async () => {
      try {
        const { seq, duplicate } = await windows.publish({ ...message, expectedLastSubjectSeq });
        // The server knows its id: whether it is this very message has to be looked at.
        if (!duplicate || isSame(await windows.get(seq, 'leader'), message)) return seq;
        throw new WatchLost(deployment, message.subject, expectedLastSubjectSeq);
      } catch (error) {
        if (!(error instanceof StreamConflict)) throw error;
        // After a lost answer the conflict is with this very message.
        const last = await windows.lastOf(message.subject, 'leader');
        if (isSame(last, message)) return last.seq;
        throw new WatchLost(deployment, message.subject, expectedLastSubjectSeq, { cause: error });
      }
    });
  }

  /** Again and again while the log is away. @throws what the signal aborts with. */
  async #settled<T>(work: () => Promise<T>): Promise<T> {
    const { signal, logger } = this.options;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!mayPass(error)) throw error;
        logger.warn({ reason: messageOf(error) }, 'what was found could not be stored yet');
      }
      await delay(retryMs, undefined, { signal });
    }
  }

  #differs(what: string): void {
    this.options.metrics.differences.inc({ deployment: this.options.deployment });
    this.#differences += 1;
    // After a release that judges otherwise it is every record.
    if (this.#differences > mostTold) return;
    this.options.logger.error({ what }, 'the log says otherwise than its replay; what is recorded stands');
  }
}

const mayPass = (error: unknown): boolean =>
  error instanceof StreamTimeout || error instanceof StreamUnavailable || error instanceof AppendContention;

const isSame = (
  stored: StreamMessage | undefined,
  { subject, messageId, data }: WindowMessage,
): stored is StreamMessage =>
  stored?.subject === subject && stored.headers.get(header.id) === messageId && Buffer.compare(stored.data, data) === 0;
