import {
  controlSubjects,
  fieldErrorsOf,
  prepareRequest,
  type PrepareReply,
  type PrepareRequest,
  type ServingReport,
} from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { NatsConnection } from '#libs/nest/index.js';
import type { ModelPool } from './models/model-pool.js';
import type { RoutingFollower } from './routing/routing-follower.js';
import { rolloutsOf } from './routing/routing-table.js';

export interface ControlResponderOptions {
  readonly connection: NatsConnection;
  readonly instance: string;
  readonly follower: RoutingFollower;
  readonly pool: ModelPool;
}

/** Answers the serving supervisor from now on. @returns a function that stops it. */
export function respondToControl(options: ControlResponderOptions): () => void {
  const { connection, instance } = options;
  const answering = [
    connection.subscribe(controlSubjects.prepare(instance), {
      callback: (error, message) => {
        if (error !== null) return;
        void prepare(options, message.data).then((reply) => message.respond(JSON.stringify(reply)));
      },
    }),
    connection.subscribe(controlSubjects.report(instance), {
      callback: (error, message) => {
        if (error === null) message.respond(JSON.stringify(report(options)));
      },
    }),
  ];
  return () => {
    for (const subscription of answering) subscription.unsubscribe();
  };
}

/** Never rejects: whatever goes wrong is the answer. */
async function prepare({ instance, follower, pool }: ControlResponderOptions, data: Uint8Array): Promise<PrepareReply> {
  const failed = (code: string, reason: string): PrepareReply => ({ status: 'failed', instance, code, reason });
  try {
    const request = parse(data);
    if (typeof request === 'string') return failed('invalid_request', request);
    const { deployment, rollout_id: rolloutId, requested_seq: requestedSeq } = request;
    await follower.holds(requestedSeq);
    if (follower.find(deployment, rolloutId) === undefined)
      return failed('rollout_not_in_progress', `rollout ${rolloutId} of ${deployment} is not in progress`);
    const state = await pool.settled(rolloutId);
    switch (state?.status) {
      case 'loaded':
        return { status: 'loaded', instance, load_ms: state.loadMs };
      case 'failed':
        return failed(state.failure.code, state.failure.reason);
      case 'loading':
      case undefined:
        return failed('rollout_not_in_progress', `rollout ${rolloutId} of ${deployment} is no longer wanted`);
    }
  } catch (error) {
    return failed('internal', messageOf(error));
  }
}

function parse(data: Uint8Array): PrepareRequest | string {
  const parsed = prepareRequest.safeParse(JSON.parse(Buffer.from(data).toString('utf8')));
  if (parsed.success) return parsed.data;
  return fieldErrorsOf(parsed.error)
    .map(({ path, message }) => `${path}: ${message}`)
    .join('; ');
}

const report = ({ instance, follower, pool }: ControlResponderOptions): ServingReport => ({
  instance,
  routing_seq: follower.current.sequence,
  loaded: [...rolloutsOf(follower.table)]
    .filter(({ rollout }) => pool.stateOf(rollout.rolloutId)?.status === 'loaded')
    .map(({ rollout }) => ({ deployment: rollout.deployment, rollout_id: rollout.rolloutId })),
});
