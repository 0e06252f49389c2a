import type { ProcessRunner } from '#libs/processing/index.js';

/** Healthy while the log is followed and nothing that it asks for is held up: being behind is no illness. */
export async function assertRuns(runner: Pick<ProcessRunner, 'status' | 'gap'>): Promise<void> {
  const { state, position, reason, stuck, blocked } = runner.status();
  if (state !== 'running' && state !== 'catching_up')
    throw new Error(`${state} at ${position}${reason === undefined ? '' : `: ${reason}`}`);
  const [command] = stuck;
  if (command !== undefined)
    throw new Error(
      `${stuck.length} of its commands fail: ${command.type} of ${command.process} ${command.id}: ${command.reason}`,
    );
  const [trouble] = blocked;
  if (trouble !== undefined)
    throw new Error(
      `${blocked.length} of its processes are blocked: ${trouble.process} ${trouble.id}, ${trouble.what}: ${trouble.reason}`,
    );
  await runner.gap();
}
