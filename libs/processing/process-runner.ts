import type { ProcessInput, RecordedEvent } from '#libs/contracts/index.js';
import {
  isUnknown,
  type AggregateStore,
  type EventReader,
  type LogRecord,
  type StreamStore,
} from '#libs/event-log/index.js';
import { isoTime, messageOf, type Clock, type CommandOutcome } from '#libs/kernel/index.js';
import { backOff, pause, systemAlarm, type Alarm } from './alarm.js';
import { readCheckpoint, writeCheckpoint, type CheckpointOptions } from './checkpoint.js';
import { CommandDesk } from './command-desk.js';
import { DueTimes, type Due } from './due-times.js';
import type { HostedProcess } from './hosted-process.js';
import type { RunnerNotice, RunnerStatus } from './notices.js';
import { OpenProcesses, type OpenProcess, type StepReference } from './open-processes.js';
import type { OpenCommand } from './open-work.js';
import { Slots } from './slots.js';
import { Teller, type Told } from './teller.js';
import { Troubles } from './troubles.js';

export interface ProcessRunnerOptions {
  /** Names its checkpoint: runners that share a log may share a name, the newer checkpoint counts. */
  readonly name: string;
  readonly processes: readonly HostedProcess[];
  readonly events: Pick<EventReader, 'follow' | 'read' | 'head'>;
  readonly aggregates: Pick<AggregateStore, 'execute'>;
  /** The stream of `snap.>`; without it the log is read from its beginning at every start. */
  readonly snapshots?: StreamStore;
  readonly clock: Clock;
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number;
  /** Who takes the steps (default `system:process-runner`). */
  readonly actor?: string;
  readonly alarm?: Alarm;
  /** Executions at once (default 8). */
  readonly concurrency?: number;
  /** Milliseconds for one execution (default 30,000). */
  readonly executeWithinMs?: number;
  /** Failed attempts after which a command is reported as stuck (default 5). It is tried on all the same. */
  readonly stuckAfter?: number;
  /** Records between two checkpoints (default 1,000). */
  readonly checkpointEvery?: number;
  /** Milliseconds between two looks at the wall clock, which may step, while a timer is set (default 1,000). */
  readonly lookEveryMs?: number;
  /** Milliseconds that `stop` waits for what runs (default 5,000). */
  readonly stopWithinMs?: number;
  readonly onNotice?: (notice: RunnerNotice) => void;
}

/**
 * Runs process managers on the log: tells each process the events that concern it, the ends of its timers and what became
 * of its commands, and carries the commands out. It holds nothing that the log does not hold, so it may die at any point
 * and several may run at once: an input has one step and a command one id, whoever comes first.
 *
 * Nothing is told, executed or fired before everything is folded that the log held at the start; no timer fires before
 * everything is told that the log held when it came due.
 */
export class ProcessRunner {
  private readonly stopping = new AbortController();
  private readonly alarm: Alarm;
  private readonly lookEveryMs: number;
  private readonly teller: Teller;
  private readonly desk: CommandDesk;
  private readonly due = new DueTimes();
  private readonly tellers = new Slots(tellAtOnce);
  private readonly troubles: Troubles;
  private readonly background = new Set<Promise<void>>();
  private readonly waiting = new Set<{ readonly seq: number; readonly wake: () => void }>();
  private open: OpenProcesses;
  private state: RunnerStatus['state'] = 'starting';
  /** Whether every change of the fold was acted on: false at first, and after a failure in between. */
  private actedOn = false;
  private reason: string | undefined;
  /** EVENTS sequence up to which everything was told; processes in trouble are told later. */
  private toldThrough = 0;
  /** The log's last sequence at the start. */
  private startHead = 0;
  private firing = false;
  private disarm: () => void = () => undefined;
  private checkpointed = 0;
  private writing: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: ProcessRunnerOptions) {
    const { processes, clock, random, actor = 'system:process-runner', alarm = systemAlarm } = options;
    this.alarm = alarm;
    this.lookEveryMs = options.lookEveryMs ?? 1_000;
    this.open = new OpenProcesses(processes);
    this.troubles = new Troubles({ alarm, random, signal: this.stopping.signal });
    this.teller = new Teller({
      ...{ aggregates: options.aggregates, clock, alarm, random, actor },
      onRetry: (error, retryInMs) => {
        this.notice({ kind: 'interrupted', reason: messageOf(error), retryInMs });
      },
    });
    this.desk = new CommandDesk({
      ...{ alarm, random },
      concurrency: options.concurrency ?? 8,
      stuckAfter: options.stuckAfter ?? 5,
      executeWithinMs: options.executeWithinMs ?? 30_000,
      execute: (process, commandId, command, signal) => execute(process, commandId, command, signal),
      settle: (process, commandId, command, outcome, signal) =>
        this.settle(process, commandId, command, outcome, signal),
      onFailure: (failure) => {
        this.notice({ kind: 'command_failed', failure });
      },
    });
  }

  start(): void {
    this.running = this.run();
  }

  /**
   * Stops reading, finishes the steps and executions in hand, and leaves a checkpoint. Never rejects. What is left open
   * is taken up at the next start.
   */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.disarm();
    await this.running;
    await this.desk.stop(this.options.stopWithinMs ?? 5_000);
    await Promise.all(this.background);
    await this.writing;
    if (this.open.position > this.checkpointed) await this.writeCheckpoint();
    this.state = 'stopped';
  }

  status(): RunnerStatus {
    const open = Array.from(this.open.values());
    const next = this.due.next();
    return {
      ...{ state: this.state, reason: this.reason, position: this.open.position, toldThrough: this.toldThrough },
      processes: open.length,
      commands: { open: sum(open.map(({ work }) => work.commands.size)), running: this.desk.running },
      timers: sum(open.map(({ work }) => work.timers.size)),
      nextTimer: next === undefined ? null : isoTime(next),
      stuck: this.desk.stuck(),
      blocked: this.troubles.list(),
      skipped: this.open.skipped,
    };
  }

  /** Events of the log that are not told yet. @throws when the log does not answer. */
  async gap(): Promise<number> {
    const { lastSeq } = await this.options.events.head();
    return Math.max(0, lastSeq - this.toldThrough);
  }

  /** Never rejects; ends with `stop`. */
  private async run(): Promise<void> {
    const { events, random } = this.options;
    const { signal } = this.stopping;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.begin();
        for await (const records of events.follow({ fromSeq: this.open.position + 1, signal })) {
          await this.take(records);
          failures = 1;
        }
        if (!this.isStopping()) throw new TypeError('the log ended by itself');
      } catch (error) {
        if (this.isStopping()) return;
        const retryInMs = backOff(failures, { ...retryMs, random });
        this.actedOn = false;
        if (this.state === 'running') this.state = 'interrupted';
        this.reason = messageOf(error);
        this.notice({ kind: 'interrupted', reason: this.reason, retryInMs });
        await pause(this.alarm, retryInMs, signal);
      }
    }
  }

  /** Before the log is followed, at first or again: where this runner was, and where the log ends now. */
  private async begin(): Promise<void> {
    if (this.state === 'starting') {
      const checkpoint = this.checkpoints();
      this.open = (checkpoint && (await readCheckpoint(checkpoint))) ?? this.open;
      this.checkpointed = this.open.position;
    }
    const { lastSeq } = await this.options.events.head();
    if (this.state === 'starting') {
      this.startHead = lastSeq;
      this.state = 'catching_up';
      this.notice({ kind: 'started', position: this.open.position, lastSeq });
    }
    // Otherwise the next batch brings it on.
    if (lastSeq <= this.open.position) await this.afterFold([]);
  }

  private async take(records: readonly LogRecord[]): Promise<void> {
    const touched = new Set<OpenProcess>();
    const known = new Map<number, RecordedEvent>();
    for (const record of records) {
      for (const process of this.open.fold(record)) touched.add(process);
      if (isUnknown(record)) this.notice({ kind: 'skipped', seq: record.seq, reason: reasonOf(record) });
      // A process that takes a step is out of its trouble, or meets it again at once.
      else if (record.event.type === 'ProcessStepTaken') this.troubles.over(record.subject);
      else known.set(record.seq, record);
    }
    await this.afterFold(touched, known);
    if (this.open.position - this.checkpointed >= (this.options.checkpointEvery ?? 1_000)) this.beginCheckpoint();
  }

  /** What the fold has changed is acted on, once the runner knows what the log held at its start. */
  private async afterFold(
    touched: Iterable<OpenProcess>,
    known: ReadonlyMap<number, RecordedEvent> = new Map(),
  ): Promise<void> {
    if (this.open.position < this.startHead) return;
    if (this.state !== 'running') {
      this.state = 'running';
      this.reason = undefined;
      this.notice({ kind: 'caught_up', position: this.open.position });
    }
    const processes = new Set(touched);
    if (!this.actedOn) for (const process of this.open.values()) processes.add(process);
    // What has happened comes before what is still to be done.
    await Promise.all(Array.from(processes, (process) => this.tellPending(process, known)));
    if (this.isStopping()) return;
    for (const process of processes) this.watch(process);
    this.actedOn = true;
    this.toldThrough = this.open.position;
    for (const waiter of this.waiting) if (waiter.seq <= this.toldThrough) waiter.wake();
    this.arm();
  }

  private watch(process: OpenProcess): void {
    const { subject, work } = process;
    this.desk.watch(process);
    this.due.replace(
      subject,
      Array.from(work.timers, ([name, { dueAt, step }]) => ({
        ...{ owner: subject, name, at: Date.parse(dueAt), setSeq: step.seq },
      })),
    );
  }

  /** Tells a process, in order, the events that it has not been told; one that cannot take one is tried again later. */
  private async tellPending(process: OpenProcess, known: ReadonlyMap<number, RecordedEvent>): Promise<void> {
    if (process.pending.length === 0 || this.troubles.rests(process.subject)) return;
    try {
      await this.tellers.run(async () => {
        while (process.pending[0] !== undefined && !this.isStopping())
          await this.tellEvent(process, process.pending[0], known);
      }, this.stopping.signal);
    } catch (error) {
      this.inTrouble(process, `event at sequence ${process.pending[0] ?? 0}`, error);
    }
  }

  private async tellEvent(process: OpenProcess, seq: number, known: ReadonlyMap<number, RecordedEvent>): Promise<void> {
    const { signal } = this.stopping;
    const record =
      known.get(seq) ?? (await this.teller.retrying(() => this.options.events.read(seq, 'leader'), signal));
    if (this.isStopping()) return;
    if (record === undefined || isUnknown(record)) throw new TypeError('it was read before, and cannot be read again');
    const told = eventTold(process, record, this.open.seenBy(process));
    const outcome = await this.teller.tell(process, told, signal);
    if (outcome === undefined) return;
    this.troubles.over(process.subject);
    // The log brings the step, perhaps after the next event is told.
    if (outcome.taken) process.correlationId ??= told.correlationId;
    this.open.told(process, seq);
  }

  private inTrouble(process: OpenProcess, what: string, error: unknown): void {
    const trouble = this.troubles.add(process, what, messageOf(error), () => {
      this.inBackground(this.tellPending(process, new Map()));
      this.arm();
    });
    this.notice({ kind: 'blocked', trouble });
  }

  private async settle(
    process: OpenProcess,
    commandId: string,
    { type, step }: OpenCommand<StepReference>,
    outcome: CommandOutcome,
    signal: AbortSignal,
  ): Promise<void> {
    const input = { kind: 'settlement', command_id: commandId, type, outcome: recorded(outcome) } as const;
    const told = {
      ...{ input, seenSeq: this.open.seenBy(process), causationId: step.eventId },
      correlationId: process.correlationId ?? step.eventId,
    };
    const settled = await this.teller.tell(process, told, signal);
    if (settled?.taken === true)
      this.notice({ kind: 'settled', process: process.process.name, id: process.id, commandId, type, outcome });
  }

  /** Rings when the next timer is due, by the wall clock. */
  private arm(leastWaitMs = 0): void {
    this.disarm();
    const next = this.due.next();
    if (next === undefined || this.firing || this.isStopping() || this.state !== 'running') return;
    const wait = Math.max(leastWaitMs, Math.min(next - this.options.clock.now(), this.lookEveryMs));
    this.disarm = this.alarm(wait, () => {
      if (next > this.options.clock.now()) this.arm();
      else this.inBackground(this.fireDue());
    });
  }

  private async fireDue(): Promise<void> {
    if (this.firing) return;
    this.firing = true;
    const { signal } = this.stopping;
    let least = this.lookEveryMs;
    try {
      const head = await this.teller.retrying(() => this.options.events.head(), signal);
      if (head === undefined || !(await this.reached(head.lastSeq))) return;
      const due = this.due.take(this.options.clock.now());
      await Promise.all(due.map((timer) => this.tellers.run(() => this.fire(timer), signal)));
      least = 0;
    } finally {
      this.firing = false;
      this.arm(least);
    }
  }

  private async fire(due: Due): Promise<void> {
    const process = this.open.get(due.owner);
    const timer = process?.work.timers.get(due.name);
    if (process === undefined || timer?.step.seq !== due.setSeq) return;
    const later = this.options.clock.now() + this.lookEveryMs;
    if (process.pending.length > 0 || this.troubles.rests(due.owner)) {
      this.due.putBack(due, later);
      return;
    }
    try {
      const input = { kind: 'timer', name: due.name, due_at: timer.dueAt } as const;
      const told = {
        ...{ input, setSeq: due.setSeq, seenSeq: this.open.seenBy(process), causationId: timer.step.eventId },
        correlationId: process.correlationId ?? timer.step.eventId,
      };
      const outcome = await this.teller.tell(process, told, this.stopping.signal);
      if (outcome?.taken === false && outcome.code === 'early') this.due.putBack(due, Date.parse(timer.dueAt));
      if (outcome !== undefined) this.troubles.over(due.owner);
    } catch (error) {
      this.due.putBack(due, later);
      this.inTrouble(process, `timer ${due.name}`, error);
    }
  }

  /** Resolves when everything up to there was told; false when the runner stops before. */
  private async reached(seq: number): Promise<boolean> {
    const { signal } = this.stopping;
    if (this.toldThrough < seq && !signal.aborted)
      await new Promise<void>((resolve) => {
        const waiter = { seq, wake: done };
        const waiting = this.waiting.add(waiter);
        function done(): void {
          waiting.delete(waiter);
          signal.removeEventListener('abort', done);
          resolve();
        }
        signal.addEventListener('abort', done, { once: true });
      });
    return !signal.aborted;
  }

  private inBackground(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.notice({ kind: 'interrupted', reason: messageOf(error), retryInMs: 0 });
      })
      .finally(() => this.background.delete(done));
    this.background.add(done);
  }

  private beginCheckpoint(): void {
    if (this.writing !== undefined || this.options.snapshots === undefined) return;
    this.writing = this.writeCheckpoint().finally(() => {
      this.writing = undefined;
    });
  }

  /** Best effort: the log holds everything. */
  private async writeCheckpoint(): Promise<void> {
    const checkpoint = this.checkpoints();
    if (checkpoint === undefined) return;
    this.checkpointed = this.open.position;
    try {
      await writeCheckpoint(this.open, checkpoint);
    } catch (error) {
      this.notice({ kind: 'checkpoint_failed', reason: messageOf(error) });
    }
  }

  private checkpoints(): CheckpointOptions | undefined {
    const { name, processes, events, snapshots } = this.options;
    return snapshots && { name, processes, events, snapshots };
  }

  private notice(notice: RunnerNotice): void {
    this.options.onNotice?.(notice);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

const tellAtOnce = 16;
const retryMs = { first: 100, most: 5_000 };

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const reasonOf = ({ subject, unknown }: Extract<LogRecord, { readonly unknown: unknown }>): string =>
  `${subject}: ${'type' in unknown ? `${unknown.type}: ` : ''}${unknown.code}`;

function eventTold(
  { process, correlationId }: OpenProcess,
  { seq, id, event, meta }: RecordedEvent,
  seenSeq: number,
): Told {
  const version = process.events.get(event.type)?.version ?? 1;
  const data = event.data as Record<string, unknown>;
  return {
    input: { kind: 'event', seq, event_id: id, type: event.type, version, data },
    ...{ seenSeq, correlationId: correlationId ?? meta.correlationId, causationId: id },
  };
}

const execute = (
  { process, id, correlationId }: OpenProcess,
  commandId: string,
  command: OpenCommand<StepReference>,
  signal: AbortSignal,
): Promise<CommandOutcome> =>
  process.execute(command, {
    ...{ commandId, process: process.name, id, signal },
    correlationId: correlationId ?? command.step.eventId,
    causationId: command.step.eventId,
  });

type RecordedOutcome = Extract<ProcessInput, { kind: 'settlement' }>['outcome'];

const recorded = (outcome: CommandOutcome): RecordedOutcome =>
  outcome.status === 'accepted' ? { ...outcome, result: { ...outcome.result } } : outcome;
