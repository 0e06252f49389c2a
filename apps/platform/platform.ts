import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertNever, ModelogError, systemClock, type Clock } from '#libs/kernel/index.js';
import {
  controlProcess,
  monitoringProcess,
  servingProcess,
  trainingProcess,
  type AppProcess,
  type Sockets,
} from './apps.js';
import { freeBytesOf, watchDiskSpace } from './disk-space.js';
import { openDataFolder, writeWhole, type DataFolder } from './data-folder.js';
import { openDatasetsFolder } from './datasets-folder.js';
import { bindSocket, type BindOptions, type ListeningSocket } from './listening-socket.js';
import { natsComponent } from './nats-server/component.js';
import { findNatsServer } from './nats-server/find.js';
import { postgresUrl } from './postgres/cluster.js';
import { postgresComponent } from './postgres/component.js';
import { diesWithParent, type WithParent } from './processes/dies-with-parent.js';
import { openLogFile } from './processes/log-file.js';
import { endOrphans, processList } from './processes/process-list.js';
import { standardPolicy, type ProcessDefinition, type SupervisionPolicy } from './processes/supervised-process.js';
import { rememberedPorts, type RememberedPorts } from './remembered-ports.js';
import { openNotice, type PlatformSettings } from './settings.js';
import { startApps } from './start-apps.js';
import { Supervisor } from './supervisor.js';
import type { Output } from './output.js';

export interface PlatformOptions {
  readonly settings: PlatformSettings;
  readonly output: Output;
  /** Started stage by stage once the servers are up; the product's own by default. */
  readonly apps?: readonly (readonly AppProcess[])[];
  readonly policy?: SupervisionPolicy;
  readonly clock?: Clock;
  /** When the first process stands by, in milliseconds after the start (default 10,000). */
  readonly standbyAfterMs?: number | undefined;
  /** How serving processes are started again. */
  readonly servingPolicy?: SupervisionPolicy | undefined;
  /** Bytes free in the data folder's file system (default: the system's answer). */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export interface Platform {
  /** Resolves when everything is ready, with the public URL. @throws what could not be started, everything stopped again */
  start(): Promise<string>;
  /** Stops everything in order, also in the middle of a start. */
  stop(): Promise<void>;
}

/**
 * The product's processes. Serving needs the api behind it, so it comes last and goes first; training beside it gives its
 * jobs back while who notes that still runs.
 */
export const productApps = ({
  servingProcesses,
  trainingWorkers,
  monitoringProcesses,
}: Pick<PlatformSettings, 'servingProcesses' | 'trainingWorkers' | 'monitoringProcesses'>): AppProcess[][] => [
  [controlProcess],
  [
    ...Array.from({ length: servingProcesses }, (_, index) => servingProcess(index)),
    ...Array.from({ length: trainingWorkers }, (_, index) => trainingProcess(index + 1)),
    ...Array.from({ length: monitoringProcesses }, (_, index) => monitoringProcess(index + 1, monitoringProcesses)),
  ],
];

export function createPlatform(options: PlatformOptions): Platform {
  const { settings, output, apps = productApps(settings), policy = standardPolicy, clock = systemClock } = options;
  const cleanups: (() => void)[] = [];
  let supervisor: Supervisor | undefined;
  let stopped: Promise<void> | undefined;
  let diskWatch: { stop(): Promise<void> } | undefined;

  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await Promise.all([diskWatch?.stop(), supervisor?.stop()]);
      for (const cleanup of cleanups.splice(0).reverse()) cleanup();
    })();
    return stopped;
  };

  const refuseWhenStopped = (): void => {
    if (stopped !== undefined) throw new ModelogError('component_stopped', 'the platform is being stopped');
  };

  const startAll = async (): Promise<string> => {
    const notice = openNotice(settings);
    if (notice !== undefined) output.print(notice);
    const folder = openDataFolder(settings.dataFolder);
    cleanups.push(() => {
      folder.release();
    });
    const datasetsFolder = openDatasetsFolder(settings.datasetsFolder, folder.path);
    const ended = await endOrphans(folder.runFolder);
    if (ended.length > 0) output.print(`Ended what a killed run left behind: ${ended.join(', ')}`);
    refuseWhenStopped();
    const patienceMs = ended.length > 0 ? 3_000 : 0;
    const bind = (host: string, port: BindOptions): Promise<ListeningSocket> => bound(host, port, cleanups);
    const publicSocket = await bind(settings.host, { port: settings.port, variable: 'MODELOG_PORT', patienceMs });
    const grpcSocket = await bind(settings.host, {
      port: settings.grpcPort,
      variable: 'MODELOG_GRPC_PORT',
      patienceMs,
    });
    const apiSocket = await bind('127.0.0.1', { port: 0, variable: 'MODELOG_API_URL' });
    const publicUrl = `http://${urlHost(settings.host)}:${publicSocket.port}`;
    const grpcAddress = `${urlHost(settings.host)}:${grpcSocket.port}`;

    const list = processList(folder.runFolder);
    supervisor = new Supervisor({
      policy,
      clock,
      onReady: (component, tookMs) => {
        output.print(`${component.padEnd(12)} ready in ${(tookMs / 1000).toFixed(1)} s`);
      },
      events: {
        started: (component, pid) => {
          list.add(component, pid);
        },
        ended: (_component, pid) => {
          list.remove(pid);
        },
        restarting: (component, how, afterMs) => {
          output.logger.error({ process: component, after_ms: afterMs }, `${component} ${how}; starting it again`);
        },
        restarted: (component, pid, tookMs) => {
          output.logger.info({ process: component, pid, took_ms: Math.round(tookMs) }, `${component} runs again`);
        },
      },
    });

    const addresses: Addresses = { natsUrl: settings.natsUrl, databaseUrl: settings.databaseUrl };
    const servers = await serverComponents({ settings, output, folder, addresses, cleanups });
    refuseWhenStopped();
    await supervisor.start(servers);
    diskWatch = watchDisk(folder.path, supervisor, options);
    writeWhole(
      join(folder.runFolder, 'connection.json'),
      JSON.stringify({
        nats_url: addresses.natsUrl,
        database_url: addresses.databaseUrl,
        public_url: publicUrl,
        grpc_address: grpcAddress,
        ...monitorOf(addresses),
      }),
      0o600,
    );

    const environmentOf = ({ serves }: AppProcess): NodeJS.ProcessEnv => ({
      NATS_URL: addresses.natsUrl,
      DATABASE_URL: addresses.databaseUrl,
      MODELOG_HOST: settings.host,
      MODELOG_PORT: String(publicSocket.port),
      MODELOG_GRPC_PORT: String(grpcSocket.port),
      MODELOG_DATA_DIR: folder.path,
      MODELOG_CONFIG_DIR: settings.configFolder,
      MODELOG_SERVING_PROCESSES: String(settings.servingProcesses),
      MODELOG_DATASETS_DIR: datasetsFolder,
      MODELOG_PUBLIC_URL: publicUrl,
      MODELOG_API_URL: `http://127.0.0.1:${apiSocket.port}`,
      LOG_LEVEL: settings.logLevel,
      MODELOG_AUTH_SECRET: serves === 'none' ? undefined : settings.authSecret,
    });
    const socketsOf = ({ serves }: AppProcess): Sockets => {
      switch (serves) {
        case 'public':
          return { MODELOG_PUBLIC_FD: publicSocket.descriptor, MODELOG_GRPC_FD: grpcSocket.descriptor };
        case 'api':
          return { MODELOG_API_FD: apiSocket.descriptor };
        case 'none':
          return {};
        default:
          return assertNever(serves, 'served port');
      }
    };
    const running = supervisor;
    await startApps(apps, {
      settings,
      output,
      supervisor: running,
      standbyAfterMs: options.standbyAfterMs,
      servingPolicy: options.servingPolicy,
      environmentOf,
      socketsOf,
      closePublicPorts() {
        publicSocket.close();
        grpcSocket.close();
      },
      clock,
      logOf: (component) =>
        logTo(folder, component, cleanups, (line) => {
          output.appLine(line);
        }),
      list,
    });
    return publicUrl;
  };

  return {
    stop,
    async start() {
      try {
        return await startAll();
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

const diskLookMs = 2_000;

/**
 * A full disk stops every write. Once there is room again PostgreSQL goes on by itself; a nats-server keeps the error
 * with its open block file and refuses to store until it is started anew.
 */
function watchDisk(
  folder: string,
  supervisor: Supervisor,
  { settings, output, freeBytes = freeBytesOf }: PlatformOptions,
): { stop(): Promise<void> } {
  return watchDiskSpace({
    freeBytes: () => freeBytes(folder),
    pause: (signal) => delay(diskLookMs, undefined, { signal }),
    onLow: (free) => {
      output.logger.error({ folder, free_bytes: free }, `the disk of ${folder} is full: ${free} bytes are free`);
    },
    onRecovered: async (free) => {
      const found = `the disk of ${folder} has room again: ${free} bytes are free`;
      if (settings.natsUrl !== undefined) {
        output.logger.warn({ folder, free_bytes: free }, found);
        return;
      }
      output.logger.warn({ folder, free_bytes: free }, `${found}; nats-server is restarted, so that it stores again`);
      await supervisor.restart('nats-server');
    },
    onFailure: (reason) => {
      output.logger.error({ folder }, `the free space of ${folder} cannot be watched: ${reason}`);
    },
  });
}

interface Addresses {
  natsUrl: string | undefined;
  natsMonitorUrl?: string;
  databaseUrl: string | undefined;
}

interface ServerContext {
  readonly settings: PlatformSettings;
  readonly output: Output;
  readonly folder: DataFolder;
  /** Filled in as the servers come up. */
  readonly addresses: Addresses;
  readonly cleanups: (() => void)[];
}

/** The servers that were not given. */
async function serverComponents(context: ServerContext): Promise<ProcessDefinition[]> {
  const ports = rememberedPorts(context.folder.runFolder);
  const withParent = await diesWithParent();
  const servers: ProcessDefinition[] = [];
  if (context.settings.natsUrl === undefined) servers.push(await natsFor(context, ports, withParent));
  if (context.settings.databaseUrl === undefined) servers.push(await postgresFor(context, ports, withParent));
  return servers;
}

async function natsFor(
  { settings, output, folder, addresses, cleanups }: ServerContext,
  ports: RememberedPorts,
  withParent: WithParent,
): Promise<ProcessDefinition> {
  return natsComponent({
    withParent,
    async findProgram() {
      const found = await findNatsServer({
        binFolder: folder.binFolder,
        program: settings.natsProgram,
        searchPath: process.env.PATH ?? '',
        onSlowStep: (step) => {
          output.print(`nats-server: trying ${step}`);
        },
      });
      output.print(`nats-server  ${found.version} from ${found.from}`);
      return found.path;
    },
    server: {
      runFolder: folder.runFolder,
      storeFolder: folder.natsStore,
      port: await ports.recall('nats'),
      passwords: { modelog: folder.secrets.nats, subscriber: folder.secrets.subscriber },
    },
    onLine: logTo(folder, 'nats-server', cleanups),
    onReady: (address) => {
      addresses.natsUrl = address.url;
      addresses.natsMonitorUrl = address.monitorUrl;
      ports.remember('nats', address.port);
    },
  });
}

async function postgresFor(
  { folder, addresses, cleanups }: ServerContext,
  ports: RememberedPorts,
  withParent: WithParent,
): Promise<ProcessDefinition> {
  const { postgres: password } = folder.secrets;
  return postgresComponent({
    server: { folder: folder.postgresFolder, password },
    port: await ports.recall('postgres'),
    withParent,
    onLine: logTo(folder, 'postgres', cleanups),
    onReady: (port) => {
      addresses.databaseUrl = postgresUrl(password, port);
      ports.remember('postgres', port);
    },
  });
}

async function bound(host: string, port: BindOptions, cleanups: (() => void)[]): Promise<ListeningSocket> {
  const socket = await bindSocket(host, port);
  cleanups.push(() => {
    socket.close();
  });
  return socket;
}

function logTo(
  folder: DataFolder,
  component: string,
  cleanups: (() => void)[],
  also?: (line: string) => void,
): (line: string) => void {
  const file = openLogFile(join(folder.logFolder, `${component}.log`));
  cleanups.push(() => {
    file.close();
  });
  return (line) => {
    file.write(line);
    also?.(line);
  };
}

const monitorOf = ({ natsMonitorUrl }: Addresses): { nats_monitor_url?: string } =>
  natsMonitorUrl === undefined ? {} : { nats_monitor_url: natsMonitorUrl };

/** A wildcard address is no destination; IPv6 addresses stand in brackets. */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
