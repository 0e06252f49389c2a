import type { ProcessInput } from '#libs/contracts/index.js';
import { assertNever, nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';

/** A process is told of something. */
export interface TakeStep {
  /** Command id of the step (see `stepIdOf`). */
  readonly stepId: string;
  /** Of the process. */
  readonly id: string;
  readonly input: ProcessInput;
  /** Events of the log up to here were told to the process before. */
  readonly seenSeq: number;
  /** Of a timer: EVENTS sequence of the step that set it. */
  readonly setSeq?: number;
}

/** Why no step is taken. In each case the log says already what there is to say. */
export interface NoStep {
  /**
   * `repeat`: it was told before. `stale`: the timer is not set (to this instant). `early`: its instant has not come.
   * `ended`: the process is over. `nothing`: the process does nothing about it.
   */
  readonly code: 'repeat' | 'stale' | 'early' | 'ended' | 'nothing';
}

/**
 * The same input of the same process has the same step, whoever tells it and however often. A timer that is set again to
 * the instant at which it fired is another timer: the step that set it tells them apart.
 */
export function stepIdOf(process: string, { id, input, setSeq = 0 }: Omit<TakeStep, 'stepId' | 'seenSeq'>): string {
  return uuidv5(namespaces.command, nameOf('process', process, id, ...identityOf(input, setSeq)));
}

function identityOf(input: ProcessInput, setSeq: number): readonly string[] {
  switch (input.kind) {
    case 'event':
      return ['event', input.event_id];
    case 'timer':
      return ['timer', input.name, input.due_at, String(setSeq)];
    case 'settlement':
      return ['settlement', input.command_id];
    default:
      return assertNever(input, 'process input');
  }
}

/** Id of the command that a step issues at this place of its list. */
export const issuedIdOf = (stepId: string, index: number): string =>
  uuidv5(namespaces.command, nameOf('issued', stepId, String(index)));
