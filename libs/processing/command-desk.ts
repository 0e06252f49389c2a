import { messageOf, type CommandOutcome } from '#libs/kernel/index.js';
import { backOff, pause, type Alarm } from './alarm.js';
import { ExecutionTimedOut } from './errors.js';
import type { OpenProcess, StepReference } from './open-processes.js';
import type { OpenCommand } from './open-work.js';
import { Slots } from './slots.js';

export interface CommandDeskOptions {
  readonly execute: (
    process: OpenProcess,
    commandId: string,
    command: OpenCommand<StepReference>,
    signal: AbortSignal,
  ) => Promise<CommandOutcome>;
  /** Has the outcome recorded. */
  readonly settle: (
    process: OpenProcess,
    commandId: string,
    command: OpenCommand<StepReference>,
    outcome: CommandOutcome,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly alarm: Alarm;
  readonly random: () => number;
  /** Executions at once. */
  readonly concurrency: number;
  /** Failed attempts after which a command counts as stuck. */
  readonly stuckAfter: number;
  /** Milliseconds for one execution. */
  readonly executeWithinMs: number;
  readonly onFailure: (failure: CommandFailure) => void;
}

export interface CommandFailure {
  readonly process: string;
  readonly id: string;
  readonly commandId: string;
  readonly type: string;
  /** So far. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly reason: string;
  readonly stuck: boolean;
}

/**
 * Carries out the commands that are issued and not settled, each until the log says that it is settled: `watch` tells.
 * A failed attempt is repeated, ever more slowly, and for ever: what is away for a day is back afterwards.
 */
export class CommandDesk {
  private readonly tasks = new Map<string, Task>();
  private readonly byProcess = new Map<string, Set<string>>();
  private readonly slots: Slots;
  private stopping = false;

  constructor(private readonly options: CommandDeskOptions) {
    this.slots = new Slots(options.concurrency);
  }

  /** The process' open commands are what they are now: begins the new ones, lets go of those that are settled. */
  watch(process: OpenProcess): void {
    const { commands } = process.work;
    const known = this.byProcess.get(process.subject) ?? new Set<string>();
    for (const commandId of known) if (!commands.has(commandId)) this.letGo(commandId);
    if (!this.stopping)
      for (const [commandId, command] of commands) if (!known.has(commandId)) this.begin(process, commandId, command);
    if (commands.size === 0) this.byProcess.delete(process.subject);
    else this.byProcess.set(process.subject, new Set(commands.keys()));
  }

  /** Commands on which something is under way now: an execution, a settlement. */
  get running(): number {
    let count = 0;
    for (const { phase } of this.tasks.values()) if (phase === 'running') count += 1;
    return count;
  }

  /** Commands that failed often. */
  stuck(): readonly CommandFailure[] {
    return Array.from(this.tasks.values(), (task) => this.failureOf(task)).filter(({ stuck }) => stuck);
  }

  /** Begins nothing more and settles what runs, for so many milliseconds at most. */
  async stop(withinMs: number): Promise<void> {
    this.stopping = true;
    for (const { phase, abort } of this.tasks.values()) if (phase !== 'running') abort.abort();
    const cancel = this.options.alarm(withinMs, () => {
      for (const { abort } of this.tasks.values()) abort.abort();
    });
    await Promise.all(Array.from(this.tasks.values(), ({ done }) => done));
    cancel();
  }

  private begin(process: OpenProcess, commandId: string, command: OpenCommand<StepReference>): void {
    const task: Task = {
      ...{ process, commandId, command, abort: new AbortController() },
      ...{ phase: 'waiting', attempts: 0, reason: '', outcome: undefined, done: Promise.resolve() },
    };
    this.tasks.set(commandId, task);
    task.done = this.see(task);
  }

  private letGo(commandId: string): void {
    this.tasks.get(commandId)?.abort.abort();
    this.tasks.delete(commandId);
  }

  /** Never rejects; ends when the outcome is recorded, or nobody wants it any more. */
  private async see(task: Task): Promise<void> {
    while (this.isWanted(task)) {
      try {
        await this.slots.run(() => this.attempt(task), task.abort.signal);
        return;
      } catch (error) {
        if (this.isWanted(task)) await this.waitAfter(task, error);
      }
    }
  }

  private isWanted({ abort }: Task): boolean {
    return !abort.signal.aborted && !this.stopping;
  }

  private async attempt(task: Task): Promise<void> {
    const { process, commandId, command, abort } = task;
    task.phase = 'running';
    task.outcome ??= await this.execute(task);
    await this.options.settle(process, commandId, command, task.outcome, abort.signal);
    // The log brings the settlement; until then the command is known, and not begun again.
    task.phase = 'settled';
  }

  private async execute({ process, commandId, command, abort }: Task): Promise<CommandOutcome> {
    const { alarm, execute, executeWithinMs } = this.options;
    const overdue = new AbortController();
    const signal = AbortSignal.any([abort.signal, overdue.signal]);
    const cancel = alarm(executeWithinMs, () => {
      overdue.abort(new ExecutionTimedOut(command.type, executeWithinMs));
    });
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([execute(process, commandId, command, signal), aborted]);
    } finally {
      cancel();
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    }
  }

  private async waitAfter(task: Task, error: unknown): Promise<void> {
    const { alarm, random, onFailure } = this.options;
    task.phase = 'waiting';
    task.attempts += 1;
    task.reason = messageOf(error);
    onFailure(this.failureOf(task));
    await pause(alarm, backOff(task.attempts, { ...retryMs, random }), task.abort.signal);
  }

  private failureOf({ process, commandId, command, attempts, reason }: Task): CommandFailure {
    return {
      ...{ process: process.process.name, id: process.id, commandId, type: command.type },
      ...{ attempts, reason, stuck: attempts >= this.options.stuckAfter },
    };
  }
}

interface Task {
  readonly process: OpenProcess;
  readonly commandId: string;
  readonly command: OpenCommand<StepReference>;
  readonly abort: AbortController;
  phase: 'waiting' | 'running' | 'settled';
  attempts: number;
  /** Why the last attempt failed. */
  reason: string;
  /** Once it is known, only its record can fail. */
  outcome: CommandOutcome | undefined;
  done: Promise<void>;
}

const retryMs = { first: 100, most: 30_000 };
