import pg from 'pg';
import { messageOf } from '#libs/kernel/index.js';

export interface Queryable {
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryAnswer<R>>;
}

export interface QueryAnswer<R> {
  readonly rows: R[];
  readonly rowCount: number;
}

export interface Database extends Queryable {
  /**
   * One transaction; rolled back when `work` throws. `snapshot`: read only, all statements see the same moment.
   * When the connection is lost at the commit, whether it happened is unknown: read the checkpoint.
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, mode?: 'write' | 'snapshot'): Promise<T>;
  /** One connection, for locks that belong to a session. It is closed afterwards, which frees them. */
  session<T>(work: (session: Queryable) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Most connections (default 4). */
  readonly maxConnections?: number;
  /** Milliseconds without an answer after which a query fails and its connection is given up (default: none). */
  readonly queryTimeoutMs?: number;
  /** An idle connection was lost: the next query opens another one. */
  readonly onConnectionError?: (error: Error) => void;
}

const connectTimeoutMs = 5_000;

/** Opens no connection yet. bigint columns come back as numbers: Modelog keeps sequences and milliseconds in them. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 4,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(options.queryTimeoutMs === undefined ? {} : { query_timeout: options.queryTimeoutMs }),
    types: { getTypeParser: typeParser },
  });
  pool.on('error', (error) => options.onConnectionError?.(error));
  return {
    query: (text, values) => ask(pool, text, values),
    transaction: (work, mode = 'write') => withConnection(pool, (client) => inTransaction(client, work, mode), false),
    session: (work) => withConnection(pool, (client) => work(queryableOf(client)), true),
    end: () => pool.end(),
  };
}

/** Whether the database could not be reached, was lost or did not answer in time: the same request may succeed later. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined)
    return /^(08|57P|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code);
  return /connection terminated|connection error|timeout exceeded when trying to connect|query read timeout/i.test(
    messageOf(error),
  );
}

/** Lost connections, and what PostgreSQL says passes: deadlock, lost serialisation, no room, too many connections. */
export const isTransient = (error: unknown): boolean =>
  isConnectionLost(error) || /^(40001|40P01|53|55P03|57014)/.test(codeOf(error) ?? '');

/** The schema or table is not there (yet). */
export const isUndefinedTable = (error: unknown): boolean => ['42P01', '3F000'].includes(codeOf(error) ?? '');

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

async function withConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  close: boolean,
): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection that is lost between two queries would end the process.
  let lost: Error | undefined;
  const onError = (error: Error): void => {
    lost = error;
  };
  client.on('error', onError);
  let failed = false;
  try {
    return await work(client);
  } catch (error) {
    failed = lost !== undefined || isConnectionLost(error);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(failed || close);
  }
}

async function inTransaction<T>(
  client: pg.PoolClient,
  work: (transaction: Queryable) => Promise<T>,
  mode: 'write' | 'snapshot',
): Promise<T> {
  await client.query(mode === 'write' ? 'begin' : 'begin isolation level repeatable read read only');
  let value: T;
  try {
    value = await work(queryableOf(client));
  } catch (error) {
    // On a lost connection nothing is left to roll back, and a silent one would keep the rollback waiting too.
    if (!isConnectionLost(error)) await client.query('rollback').catch(() => undefined);
    throw error;
  }
  await client.query('commit');
  return value;
}

const queryableOf = (client: pg.PoolClient): Queryable => ({
  query: (text, values) => ask(client, text, values),
});

async function ask<R extends object>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryAnswer<R>> {
  const { rows, rowCount } = await on.query<R>(text, [...values]);
  return { rows, rowCount: rowCount ?? 0 };
}

/** PostgreSQL's type ids are open numbers; pg's types name the built-in ones only. */
function typeParser(oid: Parameters<typeof pg.types.getTypeParser>[0], format?: 'text' | 'binary'): unknown {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return parseSafeInteger;
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint column holds ${text}: not a safe integer`);
  return value;
}
