import type { CommandMeta } from '#libs/contracts/index.js';
import { canonicalJson, isoTime, nameOf, namespaces, sha256Hex, uuidv5, type IdSource } from '#libs/kernel/index.js';

export interface CommandMetaInput {
  /** Who asks: from the token, `local` without authentication. */
  readonly actor: string;
  /** Stable name of the call, for example `POST /api/deploy`. */
  readonly call: string;
  /** Name of the thing that the command changes. */
  readonly target: string;
  readonly idempotencyKey?: string | undefined;
  /** The command's body as validated; anything that canonical JSON can hold. */
  readonly body: unknown;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ids: IdSource;
  readonly configSeq?: number | undefined;
  readonly traceparent?: string | undefined;
  /** Default: the command begins its own correlation. */
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
}

/**
 * What a command knows of itself. With an Idempotency-Key its id is the same for every repeat by the same actor, of the
 * same call, on the same target; without one it is new.
 * @throws TypeError when the body holds what JSON cannot.
 */
export function commandMeta(input: CommandMetaInput): CommandMeta {
  const commandId =
    input.idempotencyKey === undefined
      ? input.ids.next(input.at)
      : uuidv5(namespaces.command, nameOf(input.actor, input.call, input.target, input.idempotencyKey));
  return {
    commandId,
    digest: `sha256:${sha256Hex(canonicalJson(input.body ?? null))}`,
    actor: input.actor,
    correlationId: input.correlationId ?? commandId,
    at: isoTime(input.at),
    ...(input.causationId === undefined ? {} : { causationId: input.causationId }),
    ...(input.configSeq === undefined ? {} : { configSeq: input.configSeq }),
    ...(input.traceparent === undefined ? {} : { traceparent: input.traceparent }),
  };
}
