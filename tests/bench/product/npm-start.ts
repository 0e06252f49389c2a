import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '#apps/platform/processes/free-port.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import type { Clock } from '#libs/kernel/index.js';

const READY = /^Modelog is ready at /;
const GIVE_UP_MS = 120_000;

/**
 * Runs what `npm start` runs, on a free port, until it prints the ready line, and stops it again.
 * @returns the seconds from its start to the ready line
 */
export async function timeNpmStart(clock: Clock, dataDir: string, natsServer: string): Promise<number> {
  const port = await freePort();
  const start = clock.monotonic();
  const child = spawn(process.execPath, [join(rootFolder, 'apps/platform/bootstrap/main.mjs'), 'start'], {
    cwd: rootFolder,
    env: environment(dataDir, port, natsServer),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await readyLine(child);
    return (clock.monotonic() - start) / 1000;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** Servers that the machine offers are left out: the row is about starting one's own. */
function environment(dataDir: string, port: number, natsServer: string): NodeJS.ProcessEnv {
  const { NATS_URL: _nats, DATABASE_URL: _database, ...inherited } = process.env;
  return {
    ...inherited,
    MODELOG_DATA_DIR: dataDir,
    MODELOG_PORT: String(port),
    MODELOG_NATS_SERVER: natsServer,
    MODELOG_SERVING_PROCESSES: '1',
  };
}

async function readyLine(child: ChildProcess): Promise<void> {
  const printed: string[] = [];
  const timer = setTimeout(() => child.kill('SIGTERM'), GIVE_UP_MS);
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (READY.test(line)) return;
      printed.push(line);
    }
  } finally {
    clearTimeout(timer);
    // Nobody reads on: a full pipe would stop the platform's own stopping.
    child.stdout!.resume();
  }
  throw new Error(`npm start ended without its ready line:\n${printed.slice(-20).join('\n')}`);
}
