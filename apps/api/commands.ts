import { Inject, Injectable } from '@nestjs/common';
import type { CommandMeta } from '#libs/contracts/index.js';
import type { Clock, IdSource } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import type { AppliedConfiguration } from './configuration/apply-configuration.js';
import type { Caller } from './http/caller.js';
import { tokens } from './tokens.js';

/** Gives a command what it must know of itself. */
@Injectable()
export class Commands {
  constructor(
    @Inject(tokens.clock) private readonly clock: Clock,
    @Inject(tokens.ids) private readonly ids: IdSource,
    @Inject(tokens.configuration) private readonly configuration: AppliedConfiguration,
  ) {}

  /**
   * @param call stable name of the call; with the target and the actor it scopes the Idempotency-Key
   * @param target name of the thing that is changed
   */
  metaOf({ call, target, body, caller }: CommandRequest): CommandMeta {
    const { actor, idempotencyKey, correlationId, traceparent } = caller;
    return commandMeta({
      ...{ actor, call, target, idempotencyKey, correlationId, traceparent, body },
      at: this.clock.now(),
      ids: this.ids,
      configSeq: this.configuration.seq,
    });
  }
}

export interface CommandRequest {
  readonly call: string;
  readonly target: string;
  readonly body: unknown;
  readonly caller: Caller;
}
