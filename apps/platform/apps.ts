import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ToPlatform } from '#libs/contracts/index.js';
import { heardFrom } from './messages.js';
import { Heartbeat, type HeartbeatOptions } from './processes/heartbeat.js';
import type { EndedLife, ProcessDefinition } from './processes/supervised-process.js';
import type { Standby } from './standby.js';

/** One process of the product's own: a compiled program that says over IPC when it is ready. */
export interface AppProcess {
  readonly component: string;
  readonly program: string;
  readonly args: readonly string[];
  /**
   * Which bound ports it serves: `public`, with that of gRPC, or the api's. Whoever serves none is not told the secret
   * either, for it has no tokens to check.
   */
  readonly serves: 'public' | 'api' | 'none';
  /** The program knows how to stand by: it loads its code and waits to be told which process to be. */
  readonly standsBy?: boolean;
  /** What it alone is told. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Programs lie beside this file in dist/: `apps/<name>/…`. */
const programOf = (path: string): string => join(import.meta.dirname, '..', path);

/** What shares a process on one machine. Each can also run alone: its main.ts is a program. */
export const controlApps = ['api', 'projector', 'serving-supervisor', 'orchestrator'] as const;

export const controlProcess: AppProcess = {
  component: 'control',
  program: programOf('platform/compose.js'),
  args: controlApps,
  serves: 'api',
};

export const servingProcess = (index: number): AppProcess => ({
  component: `serving-${index}`,
  program: programOf('serving/main.js'),
  args: [],
  serves: 'public',
  standsBy: true,
});

/** Workers are numbered from 1. Its name is what a restarted worker takes its job back by: one is never another's. */
export const trainingProcess = (number: number): AppProcess => ({
  component: `training-${number}`,
  program: programOf('training/main.js'),
  args: [],
  serves: 'none',
});

/** Numbered from 1. Each watches its part of the deployments, so all have to know how many there are. */
export const monitoringProcess = (number: number, count: number): AppProcess => ({
  component: `monitoring-${number}`,
  program: programOf('monitoring/main.js'),
  args: [],
  serves: 'none',
  environment: { MODELOG_MONITORING_PLACE: `${number - 1}/${count}` },
});

/** Descriptors of bound ports, by the variables that tell an app which of its own they are. */
export type Sockets = Partial<Readonly<Record<(typeof socketVariables)[number], number>>>;

const socketVariables = ['MODELOG_PUBLIC_FD', 'MODELOG_GRPC_FD', 'MODELOG_API_FD'] as const;

export interface AppComponentOptions {
  /** Read at every launch: the servers' addresses are known only once those run. */
  environment(): NodeJS.ProcessEnv;
  /** Of the bound ports that it serves. */
  readonly sockets: Sockets;
  readonly onLine: (line: string) => void;
  readonly onMessage?: (message: ToPlatform) => void;
  /** Each life of it that has become ready. */
  readonly onReady?: (child: ChildProcess) => void;
  /** Where a process may wait that can take its place at once. */
  readonly standby?: Standby | undefined;
  /** How long it may fall silent once it is ready; undefined: for ever. */
  readonly heartbeat?: HeartbeatOptions | undefined;
}

export function appComponent(app: AppProcess, options: AppComponentOptions): ProcessDefinition {
  return {
    component: app.component,
    stopSignal: 'SIGTERM',
    // An app gives itself 10 s to drain (runApp of libs/nest).
    stopGraceMs: 15_000,
    onLine: options.onLine,
    launch(before) {
      const environment = { ...options.environment(), MODELOG_LAST_EXIT: lastExitOf(before) };
      const child =
        options.standby?.take({ ...environment, MODELOG_INSTANCE: app.component }) ??
        spawnApp(app, environment, options.sockets);
      child.on('message', (message: unknown) => {
        const said = heardFrom(message);
        if (said !== undefined) options.onMessage?.(said);
      });
      return Promise.resolve(child);
    },
    async ready(child, signal) {
      for (;;) {
        const [message] = (await once(child, 'message', { signal })) as unknown[];
        if (heardFrom(message)?.type !== 'ready') continue;
        options.onReady?.(child);
        return;
      }
    },
    ...(options.heartbeat !== undefined && { watch: watchedBy(options.heartbeat) }),
  };
}

/** Gives up a process whose event loop has stood still for so long. */
const watchedBy =
  (options: HeartbeatOptions): NonNullable<ProcessDefinition['watch']> =>
  (child, giveUp) => {
    const heartbeat = new Heartbeat(options);
    const onMessage = (message: unknown): void => {
      if (heardFrom(message)?.type === 'heartbeat') heartbeat.heard();
    };
    child.on('message', onMessage);
    const looks = setInterval(() => {
      if (heartbeat.isMissing()) giveUp(`its event loop stood still for ${options.limitMs / 1000} s`);
    }, options.lookMs);
    looks.unref();
    return () => {
      clearInterval(looks);
      child.off('message', onMessage);
    };
  };

/** Starts the app's program, of its own session, with the bound ports as descriptors. */
export function spawnApp(
  { component, program, args, environment: own }: AppProcess,
  environment: NodeJS.ProcessEnv,
  sockets: Sockets,
): ChildProcess {
  const given = socketVariables.filter((variable) => sockets[variable] !== undefined);
  return spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    env: {
      ...process.env,
      ...environment,
      ...own,
      MODELOG_INSTANCE: component,
      ...Object.fromEntries(
        socketVariables.map((variable) => [
          variable,
          given.includes(variable) ? String(firstSlot + given.indexOf(variable)) : undefined,
        ]),
      ),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...given.map((variable) => sockets[variable])],
    detached: true,
  });
}

/** Standard input, output, error and the IPC channel come first. */
const firstSlot = 4;

/** An end that V8 chose itself (out of memory, a broken invariant) is no crash of what the process ran. */
const ownEnd = /^FATAL ERROR: |^# Fatal /;

function lastExitOf(before: EndedLife | null): string | undefined {
  if (before === null || before.signal === null) return undefined;
  if (before.isUnresponsive) return 'unresponsive';
  return before.lastLines.some((line) => ownEnd.test(line)) ? undefined : before.signal;
}
