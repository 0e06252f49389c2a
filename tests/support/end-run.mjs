import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processIdentity } from '../../apps/platform/bootstrap/process-identity.mjs';

const prefix = 'modelog-tests-';

/**
 * Ends every process that the run's tests and platforms have listed, then removes the folder. Synchronous, so that it
 * also works while a process exits. Nothing here is worth a graceful stop.
 * @param {string} folder
 */
export function endRun(folder) {
  const lists = [
    ...list(join(folder, 'processes')).map((name) => join(folder, 'processes', name)),
    ...list(folder).map((name) => join(folder, name, 'run', 'processes.json')),
  ];
  for (const { pid, identity } of lists.flatMap(entriesOf)) {
    // A pid alone may be some other program's by now.
    if (identity !== undefined && processIdentity(pid) === identity) kill(pid);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/**
 * @param {string} path
 * @returns {{ pid: number, identity?: string }[]}
 */
function entriesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

/** Ends the runs whose own process is gone: killed before its teardown. */
export function endAbandonedRuns() {
  for (const name of list(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || processIdentity(Number(pid)) !== undefined) continue;
    try {
      endRun(join(tmpdir(), name));
    } catch {
      // Another user's: theirs to end.
    }
  }
}

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}
