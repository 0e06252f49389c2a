import { rejection, type AnyEvent, type CommandMeta, type FieldError, type Rejection } from '#libs/contracts/index.js';
import type {
  Accepted,
  AggregateDefinition,
  AggregateStore,
  Guard,
  IdempotencyConflict,
} from '#libs/event-log/index.js';
import type { Result } from '#libs/kernel/index.js';
import { ProblemException } from './http/problem-exception.js';

export interface CommandToExecute<Command> extends Guard {
  readonly id: string;
  readonly command: Command;
  readonly meta: CommandMeta;
}

/**
 * What a Nest CommandHandler does: load, decide, append; a refusal leaves as ProblemException with the position it rests
 * on, a failing log as EventLogError (which ProblemFilter answers with 503).
 * @throws StreamMovedOn when anything was appended since `seenThrough`: look again there and repeat.
 */
export async function executeCommand<Command, State, Event extends AnyEvent>(
  store: AggregateStore,
  definition: AggregateDefinition<Command, State, Event, Rejection>,
  { id, command, meta, seenThrough }: CommandToExecute<Command>,
): Promise<Accepted<State, Event>> {
  return acceptedOrThrow(await store.execute(definition, id, command, meta, { seenThrough }));
}

/** The accepted value, or its refusal thrown as ProblemException; a command's with the position it rests on. */
export function acceptedOrThrow<T>(
  result: Result<T, Rejection | IdempotencyConflict> & { readonly seq?: number | undefined },
): T {
  if (result.ok) return result.value;
  const { code, detail } = result.rejection;
  const told = code === 'idempotency_conflict' ? rejection(code, detail, [usedKey]) : result.rejection;
  throw new ProblemException(result.seq === undefined ? told : { ...told, as_of_seq: result.seq });
}

const usedKey: FieldError = {
  path: 'header Idempotency-Key',
  message: 'expected a key that no request with another body has used',
};
