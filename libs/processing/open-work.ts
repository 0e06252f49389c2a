import type { EventOf, ProcessStepTaken } from '#libs/contracts/index.js';

export type StepData = EventOf<typeof ProcessStepTaken>['data'];

/** A command that is issued and not settled. `step`: the one that issued it. */
export interface OpenCommand<Step> {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly step: Step;
}

/** A timer that is set. `step`: the one that set it. */
export interface SetTimer<Step> {
  /** As it was written. */
  readonly dueAt: string;
  readonly step: Step;
}

/** What a process waits for: the fold of its steps without its own state. */
export interface OpenWork<Step> {
  /** Events of the log up to here were told: one that is not later is a repeat. */
  readonly seenSeq: number;
  /** By command id, in order of issue. */
  readonly commands: ReadonlyMap<string, OpenCommand<Step>>;
  /** By name. */
  readonly timers: ReadonlyMap<string, SetTimer<Step>>;
  /** How it ended; null while it goes on. */
  readonly ended: string | null;
}

export const noWork: OpenWork<never> = { seenSeq: 0, commands: new Map(), timers: new Map(), ended: null };

/** @param step names the step in what it issues and sets */
export function foldStep<Step>(work: OpenWork<Step>, data: StepData, step: Step): OpenWork<Step> {
  const commands = new Map(work.commands);
  const timers = new Map(work.timers);
  if (data.input.kind === 'settlement') commands.delete(data.input.command_id);
  if (data.input.kind === 'timer') timers.delete(data.input.name);
  for (const { id, type, data: body } of data.commands) commands.set(id, { type, data: body, step });
  for (const [name, dueAt] of Object.entries(data.timers)) {
    if (dueAt === null) timers.delete(name);
    else timers.set(name, { dueAt, step });
  }
  if (data.ended !== null) timers.clear();
  return { seenSeq: Math.max(work.seenSeq, data.seen_seq), commands, timers, ended: data.ended };
}
