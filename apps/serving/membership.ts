import { servingBucket, type ServingMember } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { Logger, ServingMembers } from '#libs/nest/index.js';

export interface MembershipOptions {
  readonly members: Pick<ServingMembers, 'put' | 'remove'>;
  readonly member: ServingMember;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks whether it is time to renew (default 500). */
  readonly lookEveryMs?: number;
}

export interface Membership {
  /** Until when whoever lists the members finds this one, whatever becomes of its renewals: monotonic milliseconds. */
  readonly listedUntil: number;
  /** Takes the process out of the members. */
  leave(): Promise<void>;
}

/** Renewals without an answer; more would only queue behind them. */
const maxUnanswered = 4;

/** Registers this process and keeps it registered. An entry lives from when it is stored, which is not before it was sent. */
export async function joinMembers({
  members,
  member,
  clock,
  logger,
  lookEveryMs = 500,
}: MembershipOptions): Promise<Membership> {
  let renewedAt = clock.monotonic();
  await members.put(member);
  const underWay = new Set<Promise<void>>();

  const renew = async (): Promise<void> => {
    const sentAt = clock.monotonic();
    try {
      await members.put(member);
      renewedAt = Math.max(renewedAt, sentAt);
    } catch (error) {
      logger.warn({ err: error }, 'the registration as a serving process was not renewed');
    }
  };
  const timer = setInterval(() => {
    if (clock.monotonic() - renewedAt < servingBucket.heartbeatMs || underWay.size >= maxUnanswered) return;
    const renewal = renew().finally(() => underWay.delete(renewal));
    underWay.add(renewal);
  }, lookEveryMs);

  return {
    get listedUntil() {
      return renewedAt + servingBucket.ttlMs;
    },
    async leave() {
      clearInterval(timer);
      // A renewal on its way would bring the entry back.
      await Promise.all(underWay);
      await members.remove(member.instance).catch((error: unknown) => {
        logger.warn({ err: error }, 'the registration as a serving process was not taken back; it expires');
      });
    },
  };
}
