import { z } from 'zod';
import {
  catalogueOf,
  decodeEvent,
  processEvents,
  subjects,
  type AnyEvent,
  type EventCatalogue,
  type IssuedCommand,
  type ProcessEvent,
  type ProcessInput,
} from '#libs/contracts/index.js';
import type { AggregateDefinition } from '#libs/event-log/index.js';
import {
  accept,
  assertNever,
  reject,
  type DecidedBy,
  type Process,
  type ProcessMessage,
  type Reaction,
  type Result,
} from '#libs/kernel/index.js';
import { StepUnreadable } from './errors.js';
import { foldStep, noWork, type OpenCommand, type OpenWork } from './open-work.js';
import { issuedIdOf, type NoStep, type TakeStep } from './step.js';

/** Commands of a process are plain objects with a type; what is beside it is recorded as the command's data. */
export interface AnyCommand {
  readonly type: string;
}

/** How what a process wrote is read back. A zod schema is a reader. */
export interface Reader<T> {
  /** @throws where it is no T. */
  parse(stored: unknown): T;
}

export interface ProcessSchemas<State, Command> {
  /** Every event type that the process is told of, and no other. */
  readonly events: EventCatalogue;
  readonly command: Reader<Command>;
  readonly state: Reader<State>;
  /** Raise it with the shape of the state or the meaning of `evolve`: older snapshots are then ignored (default 1). */
  readonly stateVersion?: number;
}

/** `Own`: the state of the process itself, which is plain JSON. */
export interface ProcessState<Own> {
  readonly own: Own;
  readonly work: OpenWork<StepSeq>;
}
/** EVENTS sequence of a step. */
export type StepSeq = number;

export type ProcessDefinition<Own> = AggregateDefinition<TakeStep, ProcessState<Own>, ProcessEvent, NoStep>;

/**
 * The aggregate that a process is: each thing that it is told of is a command, each step that it takes one event. Events
 * may get no answer and leave no trace; the end of a timer and a settlement are always recorded, as they close something.
 * After its end a process is told nothing more: the settlements of what it had issued are recorded and not reacted to.
 * Its decider and `evolve` throw StepUnreadable, or what the readers throw, for a step of another build that they cannot read.
 */
export function processDefinition<Event extends AnyEvent, Own, Command extends AnyCommand>(
  process: Process<Event, Own, Command>,
  schemas: ProcessSchemas<Own, Command>,
): ProcessDefinition<Own> {
  const read = messageReader<Event, Command>(process.name, schemas);

  function take(step: TakeStep, { own, work }: ProcessState<Own>, by: DecidedBy): Result<ProcessEvent, NoStep> {
    const { input } = step;
    const refusal = refusalOf(step, work, by.at);
    if (refusal !== undefined) return reject({ code: refusal });
    const reaction = work.ended === null ? process.react(read(input, work), own, by.at, step.id) : {};
    if (reaction === null && input.kind === 'event') return reject({ code: 'nothing' });
    return accept(stepTaken(process.name, step, reaction ?? {}, work));
  }

  return {
    category: 'process',
    subjectOf: (id) => subjects.process(process.name, id),
    decider: {
      initialState: { own: process.initialState, work: noWork },
      decide: take,
      evolve: ({ own, work }, { data }, { seq }) => ({
        own: work.ended === null ? process.evolve(own, read(data.input, work)) : own,
        work: foldStep(work, data, seq),
      }),
    },
    catalogue: catalogueOf(processEvents),
    snapshot: {
      version: schemas.stateVersion ?? 1,
      encode: encodeState,
      decode: (stored) => decodeState(stored, schemas.state),
    },
  };
}

function refusalOf({ input, setSeq }: TakeStep, work: OpenWork<StepSeq>, at: string): NoStep['code'] | undefined {
  switch (input.kind) {
    case 'event':
      if (input.seq <= work.seenSeq) return 'repeat';
      return work.ended === null ? undefined : 'ended';
    case 'timer': {
      const set = work.timers.get(input.name);
      if (set?.dueAt !== input.due_at || set.step !== setSeq) return work.ended === null ? 'stale' : 'ended';
      return Date.parse(at) < Date.parse(input.due_at) ? 'early' : undefined;
    }
    case 'settlement':
      return work.commands.has(input.command_id) ? undefined : 'repeat';
    default:
      return assertNever(input, 'process input');
  }
}

function stepTaken(
  process: string,
  { stepId, id, input, seenSeq }: TakeStep,
  reaction: Reaction<AnyCommand>,
  work: OpenWork<StepSeq>,
): ProcessEvent {
  const ended = reaction.ended ?? work.ended;
  return {
    type: 'ProcessStepTaken',
    data: {
      process,
      id,
      input,
      seen_seq: Math.max(work.seenSeq, seenSeq, input.kind === 'event' ? input.seq : 0),
      commands: (reaction.commands ?? []).map((command, index) => issued(command, issuedIdOf(stepId, index))),
      timers: ended === null ? { ...reaction.timers } : {},
      ended,
    },
  };
}

const issued = ({ type, ...data }: AnyCommand, id: string): IssuedCommand => ({ id, type, data });

/** What a process is told, from what is or will be recorded of it: deciding and folding see the same. */
function messageReader<Event extends AnyEvent, Command>(
  process: string,
  { events, command }: Pick<ProcessSchemas<unknown, Command>, 'events' | 'command'>,
): (input: ProcessInput, work: OpenWork<unknown>) => ProcessMessage<Event, Command> {
  const readEvent = (input: Extract<ProcessInput, { kind: 'event' }>): Event => {
    const read = decodeEvent(events, input.type, input.version, input.data);
    if (!read.ok) throw new StepUnreadable(process, `sequence ${input.seq}: ${input.type}: ${read.rejection.code}`);
    // The catalogue validated it; that it covers `Event` is the condition of `ProcessSchemas`.
    return read.value as Event;
  };
  return (input, { commands }) => {
    switch (input.kind) {
      case 'event':
        return { kind: 'event', event: readEvent(input), seq: input.seq };
      case 'timer':
        return { kind: 'timer', name: input.name, dueAt: input.due_at };
      case 'settlement': {
        const open = commands.get(input.command_id);
        if (open === undefined) throw new StepUnreadable(process, `command ${input.command_id} was not issued`);
        return { kind: 'settlement', command: readCommand(command, open), outcome: input.outcome };
      }
      default:
        return assertNever(input, 'process input');
    }
  };
}

/** @throws what the reader throws. */
export const readCommand = <Command>(
  reader: Reader<Command>,
  { type, data }: Pick<OpenCommand<unknown>, 'type' | 'data'>,
): Command => reader.parse({ ...data, type });

const storedWork = z.object({
  seen_seq: z.int().nonnegative(),
  commands: z.array(
    z.object({ id: z.uuid(), type: z.string(), data: z.record(z.string(), z.unknown()), seq: z.int().positive() }),
  ),
  timers: z.array(z.object({ name: z.string(), due_at: z.string(), seq: z.int().positive() })),
  ended: z.string().nullable(),
});
const storedState = z.object({ own: z.unknown(), work: storedWork });

const encodeState = ({ own, work }: ProcessState<unknown>): z.infer<typeof storedState> => ({
  own,
  work: {
    seen_seq: work.seenSeq,
    commands: Array.from(work.commands, ([id, { type, data, step }]) => ({ id, type, data, seq: step })),
    timers: Array.from(work.timers, ([name, { dueAt, step }]) => ({ name, due_at: dueAt, seq: step })),
    ended: work.ended,
  },
});

function decodeState<Own>(stored: unknown, reader: Reader<Own>): ProcessState<Own> {
  const { own, work } = storedState.parse(stored);
  return {
    own: reader.parse(own),
    work: {
      seenSeq: work.seen_seq,
      commands: new Map(work.commands.map(({ id, type, data, seq }) => [id, { type, data, step: seq }])),
      timers: new Map(work.timers.map(({ name, due_at, seq }) => [name, { dueAt: due_at, step: seq }])),
      ended: work.ended,
    },
  };
}
