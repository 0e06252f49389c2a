/**
 * A process of its own, leader of a process group: runs the one command that it is sent and tells how it ended. Whoever
 * started it may be killed at any moment; the channel closes then, and the guard ends the whole group, itself included.
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

// The group is told to end: the command decides how it does, and the guard waits for it.
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
process.once('message', (message) => {
  const { command, directory, env } = /** @type {import('./guarded-process.js').GuardedCommand} */ (message);
  const [program = '', ...args] = command;
  try {
    const child = spawn(program, args, { cwd: directory, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', ({ message: reason }) => tell({ kind: 'not_started', reason }));
    child.once('exit', (code, signal) => tell({ kind: 'exited', code, signal }));
  } catch (error) {
    // Parameters too long for an environment, or with a U+0000 in them, are thrown and no event.
    tell({ kind: 'not_started', reason: error instanceof Error ? error.message : String(error) });
  }
});

/** @param {import('./guarded-process.js').CommandEnd} end */
function tell(end) {
  process.send?.(end, () => process.disconnect());
}
