import type { PrepareRequest } from '#libs/contracts/index.js';
import type { ServingControl } from '#libs/nest/index.js';

/** A process that answers at all tells within this what it has loaded; for others nobody waits. */
const reportMs = 150;
/** For a process that is there and loads the version at this moment: it has lately started. */
const loadMs = 10_000;

/**
 * Resolves when every serving process that answers has a version loaded: traffic can move to it without a refusal. One
 * that cannot load it is the answer.
 */
export async function requireHeld(
  request: PrepareRequest,
  { listMembers, report, prepare }: ServingControl,
): Promise<{ readonly instance: string; readonly reason: string } | null> {
  const asked = (await listMembers()).map(async ({ instance }) => {
    const told = await report(instance, reportMs);
    if (told === null || told.loaded.some(({ rollout_id }) => rollout_id === request.rollout_id)) return null;
    const outcome = await prepare(instance, request, loadMs);
    return outcome.status === 'failed' && outcome.code !== 'rollout_not_in_progress'
      ? { instance, reason: outcome.reason }
      : null;
  });
  return (await Promise.all(asked)).find((refused) => refused !== null) ?? null;
}
