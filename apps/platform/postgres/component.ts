import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelogError } from '#libs/kernel/index.js';
import { commandLine } from '../bootstrap/process-identity.mjs';
import type { WithParent } from '../processes/dies-with-parent.js';
import { freePort } from '../processes/free-port.js';
import { HopelessStart, type ProcessDefinition } from '../processes/supervised-process.js';
import {
  dataFolderOf,
  ensureDatabase,
  isPasswordRefused,
  isServing,
  openCluster,
  postgresAnswers,
  postgresCommand,
  postgresDatabase,
  type PostgresCluster,
  type PostgresOptions,
} from './cluster.js';

export interface PostgresComponentOptions {
  readonly server: PostgresOptions;
  /** 0: any free one. */
  readonly port: number;
  readonly withParent: WithParent;
  readonly onLine: (line: string) => void;
  /** Once per start of the process; the port stays the same. */
  readonly onReady: (port: number) => void;
}

export function postgresComponent({
  server,
  port: wanted,
  withParent,
  onLine,
  onReady,
}: PostgresComponentOptions): ProcessDefinition {
  let port = wanted;
  let everReady = false;
  let cluster: PostgresCluster | undefined;
  return {
    component: 'postgres',
    // The fast, orderly shutdown: clients are disconnected, everything is written.
    stopSignal: 'SIGINT',
    stopGraceMs: 20_000,
    onLine,
    async prepare() {
      cluster = await openCluster(server);
    },
    async launch() {
      if (cluster === undefined) throw new ModelogError('not_prepared', 'the cluster has not been opened');
      // A port found free may be taken before PostgreSQL has it; once clients know the port it stays.
      if (port === 0 || (!everReady && port !== wanted)) port = await freePort();
      await removeStalePidFile(server);
      const program = withParent(postgresCommand(cluster, port), 'INT');
      const { command, args, ...as } = program;
      return spawn(command, args, { ...as, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    },
    async ready(_child, signal) {
      while (!(await answers(server, port))) await delay(50, undefined, { signal });
      await ensureDatabase(server.password, port, postgresDatabase);
      everReady = true;
      onReady(port);
    },
  };
}

/** @throws HopelessStart when the server is ours and has another password: no further try changes that */
async function answers(server: PostgresOptions, port: number): Promise<boolean> {
  try {
    return await postgresAnswers(server.password, port);
  } catch (error) {
    if (!isPasswordRefused(error)) throw error;
    // Another program's server may have taken the port; ours then ends by itself and gets another one.
    if (!(await isServing(server, port))) return false;
    throw new HopelessStart(
      'postgres_password',
      `the cluster in ${server.folder} was made with another password than that of secrets.json (lost or replaced?): move ${server.folder} away, the read models are rebuilt from the log`,
      { cause: error },
    );
  }
}

/**
 * PostgreSQL refuses to start while the pid in its own pid file is in use by anything at all: after a crash, in a
 * container, that is soon some other program. The platform holds the data folder, so a pid that is not a PostgreSQL
 * of this folder is none.
 */
async function removeStalePidFile(server: PostgresOptions): Promise<void> {
  const path = join(dataFolderOf(server), 'postmaster.pid');
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  if (pid > 0 && !commandLine(pid).includes(dataFolderOf(server))) await rm(path, { force: true });
}
