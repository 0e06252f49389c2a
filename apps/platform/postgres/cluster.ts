import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { ModelogError } from '#libs/kernel/index.js';
import { describeFailure, run, succeeded } from '../processes/run.js';
import { rootFolder } from '../root-folder.js';
import { accountForPostgres, launcherFor, type Launcher, type WrappedCommand } from './account.js';
import { postgresBinaries, type PostgresBinaries } from './binaries.js';

export const postgresMajor = '18';
export const postgresUser = 'modelog';
export const postgresDatabase = 'modelog';

export interface PostgresOptions {
  /** The cluster's own folder; made, and owned by PostgreSQL's account. Its parent must exist. */
  readonly folder: string;
  /** Letters and digits: it stands in URLs. */
  readonly password: string;
  /** More settings of postgresql.conf, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresCluster {
  readonly options: PostgresOptions;
  readonly binaries: PostgresBinaries;
  readonly launcher: Launcher;
}

/**
 * Opens the cluster in the folder, making it first where there is none. One that an earlier start was killed in the
 * middle of making is made again: the marker is written last.
 * @throws ModelogError `postgres_version`, `postgres_init_failed`, and those of `launcherFor`
 */
export async function openCluster(options: PostgresOptions): Promise<PostgresCluster> {
  const binaries = postgresBinaries();
  const account = await accountForPostgres();
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(options.folder, account.uid, account.gid);
  await chmod(options.folder, 0o700);
  const launcher = await launcherFor(account, [
    binaries.postgres,
    join(rootFolder, 'config'),
    join(options.folder, 'data'),
  ]);
  const cluster = { options, binaries, launcher };
  if (!existsSync(markerOf(options))) await makeCluster(cluster);
  await checkVersion(options);
  return cluster;
}

/** The server's command line, on loopback only. */
export function postgresCommand({ options, binaries, launcher }: PostgresCluster, port: number): WrappedCommand {
  const settings = {
    config_file: join(rootFolder, 'config/postgres/postgresql.conf'),
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return launcher.wrap(binaries.postgres, ['-D', dataFolderOf(options), ...flags]);
}

export const postgresUrl = (password: string, port: number, database: string = postgresDatabase): string =>
  `postgres://${postgresUser}:${password}@127.0.0.1:${port}/${database}`;

/** True once a server takes connections there. @throws the driver's error for a password that the server refuses */
export async function postgresAnswers(password: string, port: number): Promise<boolean> {
  try {
    await withClient(password, port, 'postgres', (client) => client.query('select 1'));
    return true;
  } catch (error) {
    if (isPasswordRefused(error)) throw error;
    return false;
  }
}

/** SQLSTATE invalid_password. */
export const isPasswordRefused = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '28P01';

/** Whether the cluster's own server, and no other program, takes connections on the port: it says so in its pid file. */
export async function isServing(options: PostgresOptions, port: number): Promise<boolean> {
  const lines = (await readFile(join(dataFolderOf(options), 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[pidFileLine.port] === String(port) && lines[pidFileLine.status]?.trim() === 'ready';
}

/** Zero-based lines of postmaster.pid (PostgreSQL's miscadmin.h). */
const pidFileLine = { port: 3, status: 7 } as const;

/** Makes the database where it is missing. */
export async function ensureDatabase(password: string, port: number, database: string): Promise<void> {
  await withClient(password, port, 'postgres', async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  });
}

export async function withClient<T>(
  password: string,
  port: number,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: postgresUrl(password, port, database),
    connectionTimeoutMillis: 5_000,
  });
  // A server that goes away while the client is idle would otherwise end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function makeCluster({ options, binaries, launcher }: PostgresCluster): Promise<void> {
  const { account } = launcher;
  await rm(dataFolderOf(options), { recursive: true, force: true });
  const passwordFile = join(options.folder, 'initial-password');
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  // Sorting and case rules come from PostgreSQL itself: the same on every machine, whatever locales it has.
  const wrapped = launcher.wrap(binaries.initdb, [
    ...['-D', dataFolderOf(options), '-U', postgresUser, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...['--no-instructions', ...(options.settings?.fsync === 'off' ? ['--no-sync'] : [])],
  ]);
  const { command, args, ...as } = wrapped;
  const result = await run(command, args, {
    ...as,
    cwd: options.folder,
    env: { ...process.env, LC_ALL: 'C' },
    timeoutMs: 120_000,
  });
  await rm(passwordFile, { force: true });
  if (!succeeded(result)) {
    throw new ModelogError('postgres_init_failed', `initdb in ${options.folder}: ${describeFailure(result, 5)}`);
  }
  await writeFile(markerOf(options), `${postgresMajor}\n`);
}

async function checkVersion(options: PostgresOptions): Promise<void> {
  const version = (await readFile(join(dataFolderOf(options), 'PG_VERSION'), 'utf8').catch(() => 'unreadable')).trim();
  if (version !== postgresMajor) {
    throw new ModelogError(
      'postgres_version',
      `${dataFolderOf(options)} holds a cluster of PostgreSQL ${version}, this Modelog runs ${postgresMajor}. Read models can be rebuilt from the log: move the folder away, or start the Modelog that made it`,
    );
  }
}

export const dataFolderOf = (options: PostgresOptions): string => join(options.folder, 'data');
const markerOf = (options: PostgresOptions): string => join(options.folder, 'complete');
