import type { AnyEvent, CommandMeta, EventCatalogue } from '#libs/contracts/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import type { CommandOutcome, Process } from '#libs/kernel/index.js';
import type { OpenCommand } from './open-work.js';
import { processDefinition, readCommand, type AnyCommand, type ProcessSchemas } from './process-definition.js';
import type { NoStep, TakeStep } from './step.js';

/** What an executor knows of the command beside itself. */
export interface ExecutionMeta {
  /** The same however often the command is executed: what it appends carries this id, and a repeat finds it. */
  readonly commandId: string;
  /** Name and id of the process that issued it. */
  readonly process: string;
  readonly id: string;
  readonly correlationId: string;
  /** Event id of the step that issued it. */
  readonly causationId: string;
  /** Aborts when the outcome is no longer wanted: it is overdue, settled by another runner, or the runner ends. */
  readonly signal: AbortSignal;
}

/**
 * What carries out each type of command. It may be asked again, by this runner or another one and at the same time, and
 * must then come to the same thing. What it throws is tried again; a refusal that will stay is an outcome.
 */
export type Executors<Command extends AnyCommand> = {
  readonly [Type in Command['type']]: (
    command: Extract<Command, { readonly type: Type }>,
    meta: ExecutionMeta,
  ) => Promise<CommandOutcome>;
};

export type StepOutcome = { readonly taken: true; readonly seq: number } | ({ readonly taken: false } & NoStep);

/** A process as its runner sees it: its own types are inside. */
export interface HostedProcess {
  readonly name: string;
  /** Of the event types that it is told of. */
  readonly events: EventCatalogue;
  /** The process that an event concerns; null: none. */
  idOf(event: AnyEvent): string | null;
  /** @throws what the append path throws, and whatever the process does. */
  tell(aggregates: Pick<AggregateStore, 'execute'>, step: TakeStep, meta: CommandMeta): Promise<StepOutcome>;
  /** @throws whatever the executor throws. */
  execute(command: Pick<OpenCommand<unknown>, 'type' | 'data'>, meta: ExecutionMeta): Promise<CommandOutcome>;
}

export function hostProcess<Event extends AnyEvent, State, Command extends AnyCommand>(
  process: Process<Event, State, Command>,
  schemas: ProcessSchemas<State, Command>,
  executors: Executors<Command>,
): HostedProcess {
  const definition = processDefinition(process, schemas);
  return {
    name: process.name,
    events: schemas.events,
    // The reader's catalogue validated the event; that both catalogues agree on a type is the platform's.
    idOf: (event) => (schemas.events.has(event.type) ? process.idOf(event as Event) : null),
    async tell(aggregates, step, meta) {
      const outcome = await aggregates.execute(definition, step.id, step, meta);
      if (outcome.ok) return { taken: true, seq: outcome.value.seq };
      const { rejection } = outcome;
      if (rejection.code === 'idempotency_conflict') throw new TypeError(rejection.detail);
      return { taken: false, code: rejection.code };
    },
    async execute(stored, meta) {
      const command = readCommand(schemas.command, stored);
      // Its key is the command's own type.
      const execute = executors[command.type as Command['type']] as (
        command: Command,
        meta: ExecutionMeta,
      ) => Promise<CommandOutcome>;
      return execute(command, meta);
    },
  };
}
