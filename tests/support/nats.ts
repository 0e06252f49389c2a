import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNatsServer } from '#apps/platform/nats-server/find.js';
import {
  natsAddress,
  natsServerCommand,
  prepareNatsFolders,
  type NatsAddress,
  type NatsClusterNode,
  type NatsServerOptions,
} from '#apps/platform/nats-server/launch.js';
import { freePort } from '#apps/platform/processes/free-port.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { makeFolder, register } from './run-folder.js';
import { until } from './wait.js';

export interface NatsHandle {
  /** With the platform's credentials, as NATS_URL has them; the same after a restart. */
  readonly url: string;
  /** For `connect(handle.connection)`: the client takes no credentials from a URL. */
  readonly connection: NatsCredentials;
  /** With the credentials of a reader of the log. */
  readonly subscriberUrl: string;
  /** Changes with a restart. */
  readonly monitorUrl: string;
  readonly pid: number;
  readonly storeDir: string;
  /** Ends it gracefully. Stopping a stopped server is nothing. */
  stop(): Promise<void>;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port and store, after ending it if it runs. */
  restart(): Promise<void>;
}

export interface NatsCredentials {
  readonly servers: string;
  readonly user: string;
  readonly pass: string;
}

/** What `connect` wants to know, from a URL as in NATS_URL. */
export function connectionOf(url: string): NatsCredentials {
  const { host, username, password } = new URL(url);
  return { servers: host, user: username, pass: password };
}

/** A real nats-server on loopback, with the product's own configuration: `sync_interval: always`, users, limits. */
export function startNats(options: { readonly storeDir?: string } = {}): Promise<NatsHandle> {
  return startNode(options.storeDir, undefined);
}

/**
 * `size` real servers as one JetStream cluster on loopback; resolves when every node sees all others and a leader.
 * Every node takes part in the same account: a stream with `num_replicas: size` works at once.
 */
export async function startNatsCluster(size = 3): Promise<NatsHandle[]> {
  const ports = await Promise.all(Array.from({ length: size }, () => freePort()));
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
  const started = await Promise.allSettled(
    ports.map((port, index) => startNode(undefined, { cluster: 'modelog', node: `node-${index}`, port, routes })),
  );
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    const failed = started.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    for (const node of nodes)
      await until(() => seesWholeCluster(node, size), { what: `a leader of the cluster of ${size}` });
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()));
    throw error;
  }
}

async function startNode(storeDir: string | undefined, cluster: NatsClusterNode | undefined): Promise<NatsHandle> {
  const program = await natsProgram();
  const folder = makeFolder('nats');
  const options: NatsServerOptions = {
    runFolder: folder,
    storeFolder: storeDir ?? join(folder, 'store'),
    port: 0,
    passwords: { modelog: 'platform', subscriber: 'reader' },
    logFile: join(folder, 'log'),
    ...(cluster === undefined ? {} : { cluster }),
  };
  let running = await launch(program, options);

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url: running.address.url,
    connection: connectionOf(running.address.url),
    subscriberUrl: running.address.subscriberUrl,
    get monitorUrl() {
      return running.address.monitorUrl;
    },
    get pid() {
      return running.child.pid!;
    },
    storeDir: options.storeFolder,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      running = await launch(program, { ...options, port: running.address.port });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly address: NatsAddress;
}

async function launch(program: string, options: NatsServerOptions): Promise<Running> {
  await prepareNatsFolders(options);
  const { args, env } = natsServerCommand(options);
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid!;
  register(pid, 'nats-server');
  let ended = false;
  child.once('exit', () => (ended = true));
  const address = await until(
    async () => {
      if (ended) return 'ended' as const;
      return natsAddress(options, pid);
    },
    { what: 'nats-server to listen' },
  );
  if (address === 'ended') throw new Error(`nats-server ended at start:\n${readFileSync(options.logFile!, 'utf8')}`);
  return { child, address };
}

/** Kept with the checkout's packages, so that a run of tests does not download it again. */
let found: Promise<string> | undefined;
export function natsProgram(): Promise<string> {
  found ??= findNatsServer({
    binFolder: join(rootFolder, 'node_modules/.cache/modelog/bin'),
    program: process.env.MODELOG_NATS_SERVER,
    searchPath: process.env.PATH ?? '',
  }).then(({ path }) => path);
  return found;
}

async function seesWholeCluster(node: NatsHandle, size: number): Promise<boolean> {
  const report = (await (await fetch(`${node.monitorUrl}/jsz`)).json()) as {
    meta_cluster?: { leader?: string; cluster_size?: number; replicas?: unknown[] };
  };
  const { leader, cluster_size } = report.meta_cluster ?? {};
  return leader !== undefined && leader !== '' && cluster_size === size;
}
