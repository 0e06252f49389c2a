import { confirmRequest, type ConfirmReply } from '#libs/contracts/index.js';
import type { RoutingFollower } from '../routing/routing-follower.js';

export interface ConfirmOptions {
  readonly instance: string;
  readonly follower: Pick<RoutingFollower, 'holds' | 'table'>;
}

/**
 * Answers when the process routes by a table that has reached the sequence. A table is in force from the moment that it is
 * folded; a process that has not loaded its first one routes nothing yet, and then by this one.
 */
export const confirm =
  ({ instance, follower }: ConfirmOptions) =>
  async (data: Uint8Array): Promise<ConfirmReply> => {
    const { seq } = confirmRequest.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    await follower.holds(seq);
    return { instance, routing_seq: follower.table.sequence };
  };
