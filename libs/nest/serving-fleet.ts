import { controlSubjects } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { z } from 'zod';
import type { NatsConnection } from './nats-connection.js';
import type { ServingMembers } from './serving-members.js';

export interface ServingFleetOptions {
  readonly connection: Pick<NatsConnection, 'request'>;
  readonly members: Pick<ServingMembers, 'list'>;
  /** Milliseconds that one question may take (default 500). */
  readonly withinMs?: number;
}

/** What one serving process answered, or why there is no answer. */
export type FleetAnswer<T> =
  | { readonly instance: string; readonly answer: T; readonly reason?: undefined }
  | { readonly instance: string; readonly answer?: undefined; readonly reason: string };

/** Asks all serving processes the same thing at once. */
export class ServingFleet {
  constructor(private readonly options: ServingFleetOptions) {}

  /**
   * One answer for each member, in the order of their names. One that does not answer in time, or with something else
   * than `schema`, costs the others nothing. @throws when the members cannot be listed in time
   */
  async ask<Schema extends z.ZodType>(
    what: 'metrics' | 'health' | 'load',
    schema: Schema,
  ): Promise<FleetAnswer<z.output<Schema>>[]> {
    const { members, withinMs = 500 } = this.options;
    const until = AbortSignal.timeout(withinMs);
    const found = await beforeAbort(members.list(), until, 'the serving processes could not be listed in time');
    const instances = found.map(({ instance }) => instance).sort();
    return Promise.all(instances.map((instance) => this.askOne(instance, what, schema)));
  }

  private async askOne<Schema extends z.ZodType>(
    instance: string,
    what: 'metrics' | 'health' | 'load',
    schema: Schema,
  ): Promise<FleetAnswer<z.output<Schema>>> {
    const { connection, withinMs = 500 } = this.options;
    try {
      const reply = await connection.request(controlSubjects[what](instance), '', { timeout: withinMs });
      return { instance, answer: schema.parse(JSON.parse(reply.string())) };
    } catch (error) {
      return { instance, reason: messageOf(error) };
    }
  }
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal, reason: string): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(reason));
    });
    work.then(resolve, reject);
  });
}
