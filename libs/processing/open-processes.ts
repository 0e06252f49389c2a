import { subjects, type RecordedEvent } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import type { HostedProcess } from './hosted-process.js';
import { foldStep, noWork, type OpenWork, type StepData } from './open-work.js';

/** A step as what it issued and set names it. */
export interface StepReference {
  readonly seq: number;
  readonly eventId: string;
}

/** A process that has not ended, has ended with commands open, or is still to be told of its first event. */
export interface OpenProcess {
  readonly process: HostedProcess;
  readonly id: string;
  readonly subject: string;
  /** Whether it has taken a step. */
  begun: boolean;
  /** Of what began it, and so of all that it does. */
  correlationId: string | undefined;
  work: OpenWork<StepReference>;
  /** Sequences of the events that it is still to be told of, in order. */
  pending: number[];
}

/**
 * What the processes of a runner wait for, folded from the log: events that concern one and are not behind a step of it,
 * commands that are issued, timers that are set. Which runner took a step makes no difference.
 */
export class OpenProcesses {
  private readonly open = new Map<string, OpenProcess>();
  private readonly processes: ReadonlyMap<string, HostedProcess>;

  constructor(
    processes: readonly HostedProcess[],
    /** EVENTS sequence up to which it is folded. */
    public position = 0,
    /** Records that could not be read. */
    public skipped = 0,
  ) {
    this.processes = new Map(processes.map((process) => [process.name, process]));
  }

  get size(): number {
    return this.open.size;
  }

  /** The next record of the log. @returns the processes that it concerns. @throws what `idOf` throws; nothing is folded then. */
  fold(record: LogRecord): readonly OpenProcess[] {
    const touched = isUnknown(record) ? [] : this.foldEvent(record);
    if (isUnknown(record)) this.skipped += 1;
    this.position = record.seq;
    return touched;
  }

  get(subject: string): OpenProcess | undefined {
    return this.open.get(subject);
  }

  values(): Iterable<OpenProcess> {
    return this.open.values();
  }

  /** Events up to here were told to the process, or need not be. */
  seenBy({ pending }: OpenProcess): number {
    return pending[0] === undefined ? this.position : pending[0] - 1;
  }

  /** Of events that the process is to be told of, this is done. */
  told(process: OpenProcess, seq: number): void {
    process.pending = process.pending.filter((each) => each > seq);
    this.forgetIdle(process);
  }

  /** Puts back a process that a checkpoint holds. */
  restore(process: OpenProcess): void {
    this.open.set(process.subject, process);
  }

  private foldEvent(record: RecordedEvent): readonly OpenProcess[] {
    // A step is a process' own: no process is told of steps.
    if (record.event.type === 'ProcessStepTaken') return this.foldStep(record, record.event.data as StepData);
    const concerned: OpenProcess[] = [];
    for (const process of this.processes.values()) {
      const id = process.idOf(record.event);
      if (id !== null) concerned.push(this.find(process, id));
    }
    for (const each of concerned) each.pending.push(record.seq);
    return concerned;
  }

  private foldStep(record: RecordedEvent, data: StepData): readonly OpenProcess[] {
    const process = this.processes.get(data.process);
    if (process === undefined) return [];
    const open = this.find(process, data.id);
    open.begun = true;
    open.correlationId ??= record.meta.correlationId;
    open.work = foldStep(open.work, data, { seq: record.seq, eventId: record.id });
    open.pending = open.work.ended === null ? open.pending.filter((seq) => seq > open.work.seenSeq) : [];
    this.forgetIdle(open);
    return [open];
  }

  private find(process: HostedProcess, id: string): OpenProcess {
    const subject = subjects.process(process.name, id);
    const known = this.open.get(subject);
    if (known !== undefined) return known;
    const open: OpenProcess = {
      ...{ process, id, subject, begun: false, correlationId: undefined },
      ...{ work: noWork, pending: [] },
    };
    this.open.set(subject, open);
    return open;
  }

  /** Gone are those that have ended and wait for nothing, and those that an event concerned and did not begin. */
  private forgetIdle({ subject, begun, work, pending }: OpenProcess): void {
    if (pending.length > 0 || work.commands.size > 0) return;
    if (!begun || work.ended !== null) this.open.delete(subject);
  }
}
