import {
  encodeWindowRecord,
  header,
  type MonitoringEvent,
  type WindowMessage,
  type WindowRecord,
} from '#libs/contracts/index.js';
import { conditionsOf, findingKey, isRaised } from '#libs/domain/index.js';
import { StreamConflict, type StreamMessage, type StreamStore } from '#libs/event-log/index.js';
import { assertNever, messageOf } from '#libs/kernel/index.js';
import type { MonitorOutput } from '#libs/monitoring/index.js';
import { FindingsUnlike, WatchLost } from '../errors.js';
import { FindingLog, type FindingLogOptions } from './finding-log.js';
import { fittingTo } from './fitting.js';
import type { HeldCondition, HeldFindings, Untold } from './held-findings.js';
import type { MonitoringMetrics } from '../metrics/monitoring-metrics.js';
import { clearingOf, raisedAgain, type StretchEnd } from './reconciling.js';
import type { RecordedWindows } from './recorded-windows.js';
import { settled } from './settled.js';
import { encoded, isUnfit } from './unfit.js';

export interface PublisherOptions extends FindingLogOptions {
  readonly windows: StreamStore;
  /** What stood on WINDOWS when the deployment was taken up. */
  readonly recorded: RecordedWindows;
  /** What the fold holds open where it goes on. */
  readonly held: HeldFindings;
  readonly metrics: MonitoringMetrics;
}

/** The message of TRAFFIC that outputs rest on. */
export interface Cause {
  readonly seq: number;
  /** The log's time, milliseconds since the epoch. */
  readonly logTime: number;
}

/** Differences of one take-up that are logged one by one; all are counted. */
const mostTold = 10;

/**
 * Findings and records of one deployment onto the log, in order and one after the other. What the log has already is
 * compared and not appended again: where it says otherwise, what is recorded stands, and the difference is told. What is found
 * from then on is recorded so that it fits what the log has open, and once, where the replay of what was recorded ends, what
 * the log has open is brought to what the fold has.
 */
export class Publisher {
  readonly #log: FindingLog;
  #differences = 0;
  #isReconciled = false;
  /** The newest time that a finding of the log names, milliseconds since the epoch, as far as it is known. */
  #foundAt = -Infinity;

  constructor(private readonly options: PublisherOptions) {
    this.#log = new FindingLog(options);
  }

  /** Sequence in WINDOWS of the deployment's last record that was published or compared. */
  get windowsSeq(): number {
    return this.options.recorded.lastSeq;
  }

  /** What the fold holds open behind everything that was published. */
  get held(): readonly HeldCondition[] {
    return this.options.held.state();
  }

  /** What is open on the log is what the fold holds open. */
  get isReconciled(): boolean {
    return this.#isReconciled;
  }

  /** Whether all that was recorded rests on messages before this one, as far as that is known. */
  isBehindRecorded({ seq, logTime }: Cause): boolean {
    return seq > this.options.recorded.through && logTime > this.#foundAt;
  }

  /**
   * Raises what the fold alone has open, and clears what the log alone has open, unless that is too early. Where they agree,
   * as after every kill, nothing is appended. Every decision rests on what the log has by then, and command ids on how many
   * findings that are: it may be cut short anywhere and begun again, by several processes, too.
   * @param end behind everything that was published
   * @param next the message that follows
   * @throws as `publish`, and FindingsUnlike where what is held is known by name alone, and the log does not have it open.
   */
  async reconcileBefore(next: Cause, end: StretchEnd): Promise<void> {
    if (this.isBehindRecorded(next)) await this.#reconcile(end, () => Promise.resolve(this.isBehindRecorded(next)));
  }

  /** The same where none may follow. @param isLast whether none does: asked when the log's findings are known */
  async reconcileAtLast(end: StretchEnd, isLast: () => Promise<boolean>): Promise<void> {
    await this.#reconcile(end, () => settled(isLast, this.options));
  }

  /**
   * Resolves when the log has the output. A log that is away is waited for. What no log can hold, for its size or for what
   * is in it, is told and left out: it would stand in the way of everything behind it for ever.
   * @param index among the outputs of its cause, from 0
   * @throws WatchLost when another process appends in this one's place; EventLogError when the log refuses for a reason of its
   * own.
   */
  async publish(output: MonitorOutput, cause: Cause, index: number): Promise<void> {
    const told = output.kind === 'finding' ? output.finding : output.record;
    await this.#fitting(told, cause.seq, () => this.#publish(output, cause, index));
  }

  /** @returns whether the log can hold it. */
  async #fitting({ type }: { readonly type: string }, trafficSeq: number, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isUnfit(error)) throw error;
      const { deployment, metrics, logger } = this.options;
      metrics.unrecorded.inc({ deployment, type });
      logger.error({ type, traffic_seq: trafficSeq, reason: messageOf(error) }, 'what was found cannot be recorded');
      return false;
    }
  }

  async #publish(output: MonitorOutput, cause: Cause, index: number): Promise<void> {
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
    const { held, recorded } = this.options;
    // Also where no log can hold the event.
    if (!isRaised(finding)) held.drop(finding);
    const origin = `${cause.seq}/${index}`;
    // What rests on TRAFFIC before the last record was appended before it, or never.
    const isPast = cause.seq < recorded.through;
    const answer = await (isPast ? this.#log.recorded(finding, origin) : this.#log.record(finding, origin));
    const fitted = answer?.ok === true ? answer : await this.#log.recorded(finding, fittedKey(origin));
    if (answer?.ok === true) this.#count(finding, answer.value.repeated ? 'compared' : 'appended');
    else if (fitted !== undefined) this.#count(finding, 'compared');
    else {
      const why = answer?.rejection.detail ?? 'the log does not have it';
      this.#differs(`${finding.type} of TRAFFIC ${cause.seq}: ${why}`);
      if (!isPast) await this.#fit(finding, origin);
    }
    held.follow(finding, origin, answer?.ok === true ? answer.value.state : (await this.#log.load()).state);
  }

  /** As much of it as fits what the log has open. */
  async #fit(finding: MonitoringEvent, origin: string): Promise<void> {
    const { state } = await this.#log.load();
    const fitting = fittingTo(finding, state);
    if (fitting === null) return;
    const answer = await this.#log.record(fitting, fittedKey(origin));
    if (answer.ok) this.#count(finding, answer.value.repeated ? 'compared' : 'appended');
  }

  async #reconcile(end: StretchEnd, isOver: () => Promise<boolean>): Promise<void> {
    if (this.#isReconciled) return;
    const { state } = await this.#log.load();
    this.#foundAt = state.foundAt === null ? -Infinity : Date.parse(state.foundAt);
    if (!(await isOver())) return;
    const { deployment, held, logger } = this.options;
    const { untold, unheld, lost } = held.differences(state);
    if (lost[0] !== undefined) throw new FindingsUnlike(deployment, end.seq, lost[0]);
    const ending: Ending[] = [];
    for (const { seq, findingIds } of unheld) {
      const raised = await this.#log.at(seq);
      if (raised === undefined) this.#differs(`EVENTS ${seq}, which holds, cannot be read`);
      else ending.push({ seq, clearing: clearingOf(raised, findingIds, end) });
    }
    if (untold.length + ending.length > 0)
      logger.warn(
        { raised: told(untold.map(({ finding }) => finding)), cleared: told(ending.map(({ clearing }) => clearing)) },
        'the log has other findings open than its replay: they are raised and cleared',
      );
    for (const each of ending) await this.#fitting(each.clearing, end.seq, () => this.#clear(each));
    const known = await this.#log.known(untold.flatMap(({ finding }) => conditionsOf(finding)));
    for (const each of untold)
      if (!(await this.#fitting(each.finding, end.seq, () => this.#raise(each, known)))) held.drop(each.finding);
    held.agreed();
    this.#isReconciled = true;
  }

  async #clear({ seq, clearing }: Ending): Promise<void> {
    const { version } = await this.#log.load();
    await this.#reconcileBy(clearing, `EVENTS ${seq} over behind ${version}`);
  }

  /** @param told ids that the log has had */
  async #raise({ origin, finding }: Untold, told: ReadonlySet<string>): Promise<void> {
    const key = `${origin} as the fold has it`;
    if (!conditionsOf(finding).some(({ finding_id }) => told.has(finding_id))) return this.#reconcileBy(finding, key);
    // It was raised and cleared before: by a release that found it, and one that did not.
    const { version } = await this.#log.load();
    return this.#reconcileBy(raisedAgain(finding, version), `${key} behind ${version}`);
  }

  async #reconcileBy(finding: MonitoringEvent, key: string): Promise<void> {
    const answer = await this.#log.record(finding, key);
    if (answer.ok) this.#count(finding, 'reconciled');
    // Another process of the deployment was faster.
    else this.#differs(`${finding.type}, which reconciles: ${answer.rejection.detail}`);
  }

  #count({ type }: MonitoringEvent, how: 'appended' | 'compared' | 'reconciled'): void {
    const { deployment, metrics } = this.options;
    metrics.findings.inc({ deployment, type, how });
  }

  async #publishRecord(record: WindowRecord, cause: Cause, index: number): Promise<void> {
    const { deployment, recorded, metrics } = this.options;
    const message = encoded(() => encodeWindowRecord(record, { ...cause, index }));
    const known = await settled(() => this.#nextRecorded(cause), this.options);
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
    return settled(async () => {
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
    }, this.options);
  }

  #differs(what: string): void {
    this.options.metrics.differences.inc({ deployment: this.options.deployment });
    this.#differences += 1;
    // After a release that judges otherwise it is every record.
    if (this.#differences > mostTold) return;
    this.options.logger.error({ what }, 'the log says otherwise than its replay; what is recorded stands');
  }
}

interface Ending {
  /** In EVENTS: what raised it. */
  readonly seq: number;
  readonly clearing: MonitoringEvent;
}

const fittedKey = (origin: string): string => `${origin} as the log has it`;

/** Conditions in words, the first ones of many. */
const told = (findings: readonly MonitoringEvent[]): readonly string[] =>
  findings
    .flatMap((finding) => conditionsOf(finding).map(({ condition }) => findingKey(finding, condition)))
    .slice(0, mostTold);

const isSame = (
  stored: StreamMessage | undefined,
  { subject, messageId, data }: WindowMessage,
): stored is StreamMessage =>
  stored?.subject === subject && stored.headers.get(header.id) === messageId && Buffer.compare(stored.data, data) === 0;
