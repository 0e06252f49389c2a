import { rejection, type AnyEvent, type CommandMeta, type FieldError, type Rejection } from '#libs/contracts/index.js';
import type { Accepted, AggregateDefinition, AggregateStore, IdempotencyConflict } from '#libs/event-log/index.js';
import type { Result } from '#libs/kernel/index.js';
import { ProblemException } from './http/problem-exception.js';

/**
 * What a Nest CommandHandler does: load, decide, append; a refusal leaves as ProblemException, a failing log as
 * EventLogError (which ProblemFilter answers with 503).
 */
export async function executeCommand<Command, State, Event extends AnyEvent>(
  store: AggregateStore,
  definition: AggregateDefinition<Command, State, Event, Rejection>,
  { id, command, meta }: { readonly id: string; readonly command: Command; readonly meta: CommandMeta },
): Promise<Accepted<State, Event>> {
  return acceptedOrThrow(await store.execute(definition, id, command, meta));
}

/** The accepted value, or its refusal thrown as ProblemException. */
export function acceptedOrThrow<T>(result: Result<T, Rejection | IdempotencyConflict>): T {
  if (result.ok) return result.value;
  const { code, detail } = result.rejection;
  throw new ProblemException(code === 'idempotency_conflict' ? rejection(code, detail, [usedKey]) : result.rejection);
}

const usedKey: FieldError = {
  path: 'header Idempotency-Key',
  message: 'expected a key that no request with another body has used',
};
