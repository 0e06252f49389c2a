import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import {
  openCluster,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  withClient,
} from '#apps/platform/postgres/cluster.js';
import { freePort } from '#apps/platform/processes/free-port.js';
import { register, runFolder } from './run-folder.js';
import { until } from './wait.js';

export interface DatabaseHandle {
  readonly url: string;
  /** Also ends the connections that are still open to it. */
  drop(): Promise<void>;
}

const password = 'tests';
let created = 0;

/**
 * A new, empty database on the run's one PostgreSQL, which the first caller starts. `name` is a hint for people
 * who look at the server; the database's own name is unique.
 */
export async function createDatabase(name: string): Promise<DatabaseHandle> {
  const port = await sharedServer();
  created += 1;
  const database = `${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 32)}_${process.pid}_${created}_${Date.now().toString(36)}`;
  await withClient(password, port, 'postgres', (client) =>
    client.query(`create database ${client.escapeIdentifier(database)}`),
  );
  return {
    url: postgresUrl(password, port, database),
    async drop() {
      await withClient(password, port, 'postgres', (client) =>
        client.query(`drop database if exists ${client.escapeIdentifier(database)} with (force)`),
      );
    },
  };
}

/** Jest's workers are processes of their own: the one that makes the folder starts the server, the others wait for its port. */
async function sharedServer(): Promise<number> {
  const folder = join(runFolder(), 'postgres');
  const ready = join(folder, 'port');
  const failed = join(folder, 'failed');
  try {
    await mkdir(folder, { mode: 0o711 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await until(() => existsSync(ready) || existsSync(failed), { what: "the run's PostgreSQL", timeoutMs: 60_000 });
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'), { cause: error });
    return Number(readFileSync(ready, 'utf8'));
  }
  try {
    const port = await startServer(folder);
    await writeFile(`${ready}.new`, String(port));
    await rename(`${ready}.new`, ready);
    return port;
  } catch (error) {
    await writeFile(failed, String(error));
    throw error;
  }
}

async function startServer(folder: string): Promise<number> {
  // Tests that crash PostgreSQL run the platform, with its own settings; here a lost power supply loses nothing of worth.
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '100' };
  const cluster = await openCluster({ folder: join(folder, 'cluster'), password, settings });
  const port = await freePort();
  const { command, args, ...as } = postgresCommand(cluster, port);
  const log = openSync(join(folder, 'log'), 'w');
  // Detached and unreferenced: it outlives the worker that happened to start it, until the run ends.
  const child = spawn(command, args, { ...as, stdio: ['ignore', log, log], detached: true });
  await once(child, 'spawn');
  register(child.pid!, 'postgres');
  child.unref();
  const life = { ended: false };
  child.once('exit', () => (life.ended = true));
  await until(() => life.ended || postgresAnswers(password, port), { what: 'PostgreSQL to answer', timeoutMs: 60_000 });
  if (life.ended) throw new Error(`PostgreSQL ended at start:\n${readFileSync(join(folder, 'log'), 'utf8')}`);
  await rm(join(folder, 'failed'), { force: true });
  return port;
}
