import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { EventReader, JetStreamStore, type StreamStore } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { streamNames } from '#config/streams.js';
import { CommandFailed } from '../errors.js';

/** The log itself, with no app of Modelog between. */
export interface Log {
  readonly connection: NatsConnection;
  readonly events: StreamStore;
  readonly traffic: StreamStore;
  readonly windows: StreamStore;
  readonly reader: EventReader<GovernanceEvent>;
  close(): Promise<void>;
}

/** The log and the read models. */
export interface Servers extends Log {
  readonly database: Database;
}

export interface Addresses {
  readonly nats_url: string;
  readonly database_url: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const addresses = z.object({ nats_url: z.string(), database_url: z.string() });
const connectWithinMs = 2_000;

/**
 * Where the servers are: NATS_URL and DATABASE_URL, else what the platform wrote into its data folder.
 * @throws CommandFailed when neither says
 */
export function findAddresses(env: Environment): Addresses {
  const { NATS_URL: nats_url, DATABASE_URL: database_url } = env;
  if (nats_url !== undefined && database_url !== undefined) return { nats_url, database_url };
  const found = addressesOf(env, 'NATS_URL and DATABASE_URL');
  return { nats_url: nats_url ?? found.nats_url, database_url: database_url ?? found.database_url };
}

/** Where the log is. @throws CommandFailed as `findAddresses` does */
export const findLog = (env: Environment): string => env.NATS_URL ?? addressesOf(env, 'NATS_URL').nats_url;

function addressesOf({ MODELOG_DATA_DIR: folder = '.modelog' }: Environment, others: string): Addresses {
  const file = join(folder, 'run/connection.json');
  if (existsSync(file)) return readAddresses(file);
  throw new CommandFailed(
    `No servers are known: set ${others}, or MODELOG_DATA_DIR to the data folder of a Modelog that runs (there is no ${file})`,
    2,
  );
}

function readAddresses(file: string): Addresses {
  try {
    return addresses.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new CommandFailed(`${file} does not say where the servers are: ${messageOf(error)}`, 2, { cause: error });
  }
}

/** @throws CommandFailed when NATS does not answer */
export async function openLog(natsUrl: string): Promise<Log> {
  const logger = createLogger({ component: 'cli', instance: 'cli', level: 'silent' });
  const connection = await orUnreachable('NATS', () =>
    connectNats({ url: natsUrl, name: 'modelog cli', logger, timeoutMs: connectWithinMs }),
  );
  const stream = (name: string): StreamStore => new JetStreamStore({ connection, stream: name });
  const events = stream(streamNames.events);
  return {
    ...{ connection, events, traffic: stream(streamNames.traffic), windows: stream(streamNames.windows) },
    reader: new EventReader<GovernanceEvent>(events, eventCatalogue),
    close: () => connection.close(),
  };
}

/** @throws CommandFailed when a server does not answer */
export async function openServers({ nats_url, database_url }: Addresses): Promise<Servers> {
  const log = await openLog(nats_url);
  const database = openDatabase({ url: database_url, applicationName: 'modelog cli' });
  const close = async (): Promise<void> => {
    await Promise.allSettled([log.close(), database.end()]);
  };
  try {
    await orUnreachable('PostgreSQL', () => database.query('select 1'));
  } catch (error) {
    await close();
    throw error;
  }
  return { ...log, database, close };
}

async function orUnreachable<T>(server: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    throw new CommandFailed(`${server} does not answer: ${messageOf(error)}. Is Modelog running (npm start)?`, 2, {
      cause: error,
    });
  }
}
