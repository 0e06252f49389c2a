import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelogError } from '#libs/kernel/index.js';
import { rootFolder } from '../root-folder.js';

export interface NatsServerOptions {
  /** Holds the server's pid and ports files. Two servers never share one. */
  readonly runFolder: string;
  readonly storeFolder: string;
  /** Client port on loopback; 0: the system chooses. */
  readonly port: number;
  readonly passwords: NatsPasswords;
  readonly cluster?: NatsClusterNode;
  /** Undefined: to the standard error. */
  readonly logFile?: string;
}

/** Passwords of config/nats/nats-server.conf. Letters and digits: they stand in URLs. */
export interface NatsPasswords {
  readonly modelog: string;
  readonly subscriber: string;
}

export interface NatsClusterNode {
  readonly cluster: string;
  /** Unique and stable: JetStream knows a replica by it. */
  readonly node: string;
  readonly port: number;
  readonly routes: readonly string[];
}

export interface NatsAddress {
  readonly url: string;
  readonly subscriberUrl: string;
  readonly monitorUrl: string;
  readonly port: number;
}

/** Command line and environment of one server on loopback, with its monitoring on a port of its own. */
export function natsServerCommand(options: NatsServerOptions): { args: string[]; env: NodeJS.ProcessEnv } {
  const args = [
    ...['-c', join(rootFolder, 'config/nats/nats-server.conf')],
    ...['-a', '127.0.0.1', '-p', portArgument(options.port), '-m', portArgument(0)],
    ...['-P', join(options.runFolder, 'nats-server.pid'), '--ports_file_dir', options.runFolder],
  ];
  if (options.logFile !== undefined) args.push('-l', options.logFile);
  if (options.cluster !== undefined) {
    const { cluster, node, port, routes } = options.cluster;
    args.push('-n', node, '--cluster_name', cluster, '--cluster', `nats://127.0.0.1:${port}`);
    args.push('--routes', routes.join(','));
  }
  return {
    args,
    // NATS parses these as values of its configuration language; quoted, a path with spaces or digits stays a string.
    env: {
      MODELOG_NATS_STORE: JSON.stringify(options.storeFolder),
      MODELOG_NATS_PASSWORD: JSON.stringify(options.passwords.modelog),
      MODELOG_NATS_SUBSCRIBER_PASSWORD: JSON.stringify(options.passwords.subscriber),
    },
  };
}

/** Makes the folders and removes the ports files that killed servers left behind. */
export async function prepareNatsFolders(options: NatsServerOptions): Promise<void> {
  await mkdir(options.runFolder, { recursive: true });
  await mkdir(options.storeFolder, { recursive: true });
  const left = (await readdir(options.runFolder)).filter((name) => name.endsWith('.ports'));
  await Promise.all(left.map((name) => rm(join(options.runFolder, name))));
}

/** The addresses of a running server once it listens; undefined until then. The server writes them itself. */
export async function natsAddress(options: NatsServerOptions, pid: number): Promise<NatsAddress | undefined> {
  const name = (await readdir(options.runFolder)).find((each) => each.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const text = await readFile(join(options.runFolder, name), 'utf8');
  if (text === '') return undefined;
  const ports = portsFile.safeParse(JSON.parse(text));
  if (!ports.success) throw new ModelogError('nats_ports_unreadable', `${name}: ${ports.error.message}`);
  const port = Number(new URL(ports.data.nats[0]).port);
  return {
    url: `nats://modelog:${options.passwords.modelog}@127.0.0.1:${port}`,
    subscriberUrl: `nats://subscriber:${options.passwords.subscriber}@127.0.0.1:${port}`,
    monitorUrl: ports.data.monitoring[0],
    port,
  };
}

const portsFile = z.object({ nats: z.tuple([z.url()], z.url()), monitoring: z.tuple([z.url()], z.url()) });

/** NATS calls a port of the system's choice -1. */
const portArgument = (port: number): string => (port === 0 ? '-1' : String(port));
