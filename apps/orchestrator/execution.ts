/** What executors share: the command that they append, and what became of it. */
import type { AnyEvent, CommandMeta, Rejection } from '#libs/contracts/index.js';
import type { Outcome } from '#libs/event-log/index.js';
import {
  canonicalJson,
  isoTime,
  ModelogError,
  sha256Hex,
  type Clock,
  type CommandOutcome,
} from '#libs/kernel/index.js';
import type { ExecutionMeta } from '#libs/processing/index.js';

export const actor = 'system:orchestrator';

/** @throws ModelogError where the id belongs to another command: a defect, which no repetition helps with. */
export function outcomeOf<State, Event extends AnyEvent>(
  outcome: Outcome<State, Event, Rejection>,
  resultOf: (event: Event) => Readonly<Record<string, unknown>>,
): CommandOutcome {
  if (outcome.ok) return { status: 'accepted', seq: outcome.value.seq, result: resultOf(outcome.value.event) };
  const { code, detail } = outcome.rejection;
  if (code === 'idempotency_conflict') throw new ModelogError(code, detail);
  return refused(code, detail);
}

export const refused = (code: string, detail: string): CommandOutcome => ({ status: 'rejected', code, detail });

/** Under the id of the process' command: executed again, it finds what it appended. */
export const metaOf = (
  { commandId, correlationId, causationId }: ExecutionMeta,
  by: string,
  body: unknown,
  clock: Clock,
): CommandMeta => ({
  ...{ commandId, correlationId, causationId, actor: by, at: isoTime(clock.now()) },
  digest: `sha256:${sha256Hex(canonicalJson(body))}`,
});
