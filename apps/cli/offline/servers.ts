import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { EventReader, JetStreamStore, type StreamStore } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { streamNames } from '#config/streams.js';
import { CommandFailed } from '../errors.js';

/** The log and the read models themselves, with no app of Modelog between. */
export interface Servers {
  readonly events: StreamStore;
  readonly traffic: StreamStore;
  readonly reader: EventReader<GovernanceEvent>;
  readonly database: Database;
  close(): Promise<void>;
}

export interface Addresses {
  readonly nats_url: string;
  readonly database_url: string;
}

const addresses = z.object({ nats_url: z.string(), database_url: z.string() });
const connectWithinMs = 2_000;

/**
 * Where the servers are: NATS_URL and DATABASE_URL, else what the platform wrote into its data folder.
 * @throws CommandFailed when neither says
 */
export function findAddresses(env: Readonly<Record<string, string | undefined>>): Addresses {
  const { NATS_URL: nats_url, DATABASE_URL: database_url, MODELOG_DATA_DIR: folder = '.modelog' } = env;
  if (nats_url !== undefined && database_url !== undefined) return { nats_url, database_url };
  const file = join(folder, 'run/connection.json');
  if (!existsSync(file))
    throw new CommandFailed(
      `No servers are known: set NATS_URL and DATABASE_URL, or MODELOG_DATA_DIR to the data folder of a Modelog that runs (there is no ${file})`,
      2,
    );
  const found = readAddresses(file);
  return { nats_url: nats_url ?? found.nats_url, database_url: database_url ?? found.database_url };
}

function readAddresses(file: string): Addresses {
  try {
    return addresses.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new CommandFailed(`${file} does not say where the servers are: ${messageOf(error)}`, 2, { cause: error });
  }
}

/** @throws CommandFailed when a server does not answer */
export async function openServers({ nats_url, database_url }: Addresses): Promise<Servers> {
  const logger = createLogger({ component: 'cli', instance: 'cli', level: 'silent' });
  const connection = await orUnreachable('NATS', () =>
    connectNats({ url: nats_url, name: 'modelog cli', logger, timeoutMs: connectWithinMs }),
  );
  const database = openDatabase({ url: database_url, applicationName: 'modelog cli' });
  const close = async (): Promise<void> => {
    await Promise.allSettled([connection.close(), database.end()]);
  };
  try {
    await orUnreachable('PostgreSQL', () => database.query('select 1'));
  } catch (error) {
    await close();
    throw error;
  }
  const stream = (name: string): StreamStore => new JetStreamStore({ connection, stream: name });
  const events = stream(streamNames.events);
  return {
    ...{ events, traffic: stream(streamNames.traffic), database, close },
    reader: new EventReader<GovernanceEvent>(events, eventCatalogue),
  };
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
