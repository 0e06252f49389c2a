import { servingBucket, type ServingMember } from '#libs/contracts/index.js';
import type { Logger, ServingMembers } from '#libs/nest/index.js';

export interface MembershipOptions {
  readonly members: Pick<ServingMembers, 'put' | 'remove'>;
  readonly member: ServingMember;
  readonly logger: Logger;
}

/** Registers this process and keeps it registered. @returns a function that takes it out. */
export async function joinMembers({ members, member, logger }: MembershipOptions): Promise<() => Promise<void>> {
  await members.put(member);
  let renewal = Promise.resolve();
  const timer = setInterval(() => {
    renewal = members.put(member).catch((error: unknown) => {
      logger.warn({ err: error }, 'the registration as a serving process was not renewed');
    });
  }, servingBucket.heartbeatMs);
  return async () => {
    clearInterval(timer);
    // A renewal on its way would bring the entry back.
    await renewal;
    await members.remove(member.instance).catch((error: unknown) => {
      logger.warn({ err: error }, 'the registration as a serving process was not taken back; it expires');
    });
  };
}
