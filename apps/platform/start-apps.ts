import type { ChildProcess } from 'node:child_process';
import type { ServingProcesses } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { appComponent, spawnApp, type AppProcess, type Sockets } from './apps.js';
import type { Output } from './output.js';
import type { HeartbeatOptions } from './processes/heartbeat.js';
import type { ProcessList } from './processes/process-list.js';
import { standardPolicy, type SupervisionPolicy } from './processes/supervised-process.js';
import { ServingPool } from './serving-pool.js';
import type { PlatformSettings } from './settings.js';
import { Standby } from './standby.js';
import type { Component, Supervisor } from './supervisor.js';

export interface StartAppsOptions {
  readonly settings: Pick<PlatformSettings, 'servingStandby' | 'unresponsiveMs'>;
  readonly output: Output;
  readonly supervisor: Supervisor;
  readonly list: ProcessList;
  /** Read at every launch: the servers' addresses are known only once those run. */
  readonly environmentOf: (app: AppProcess) => NodeJS.ProcessEnv;
  readonly socketsOf: (app: AppProcess) => Sockets;
  /** Gives up the platform's own hold on the public ports. */
  readonly closePublicPorts: () => void;
  readonly clock: Clock;
  /** Where the lines of a component go. */
  readonly logOf: (component: string) => (line: string) => void;
  /** When the first process stands by; by default the start of the platform has the processor to itself for 10 s. */
  readonly standbyAfterMs?: number | undefined;
  /** How serving processes are started again (default: at once, unless they die as soon as they serve). */
  readonly servingPolicy?: SupervisionPolicy | undefined;
}

/**
 * A serving process that answered for two seconds has recovered: what ends it again is a crash of its own, and it comes
 * back at once. Only one that dies as soon as it serves has to wait.
 */
const defaultServingPolicy: SupervisionPolicy = { ...standardPolicy, healthyAfterMs: 2_000 };

const defaultStandbyAfterMs = 10_000;

/** Starts the apps stage by stage. Those that serve the public port are one pool; the process with the api steers it. */
export async function startApps(stages: readonly (readonly AppProcess[])[], options: StartAppsOptions): Promise<void> {
  const { supervisor, environmentOf, socketsOf } = options;
  const { standbyAfterMs = defaultStandbyAfterMs, servingPolicy = defaultServingPolicy } = options;
  const logOf = remembered(options.logOf);
  let pool: ServingPool | undefined;
  let control: ChildProcess | undefined;

  const tellControl = (): void => {
    if (pool === undefined || control?.connected !== true) return;
    const message: ServingProcesses = { type: 'serving_processes', count: pool.count };
    control.send(message, () => undefined);
  };

  const definitionOf = (app: AppProcess) => ({
    environment: () => environmentOf(app),
    sockets: socketsOf(app),
    onLine: logOf(app.component),
  });

  const component = (app: AppProcess): Component =>
    supervisor.supervise(
      appComponent(app, {
        ...definitionOf(app),
        ...(app.serves === 'api' && {
          onMessage: (message) => pool?.hear(message),
          onReady: (child) => {
            control = child;
            tellControl();
          },
        }),
      }),
    );

  const servingPool = (first: AppProcess, count: number): Component[] => {
    const standby = standbyFor(first, options);
    const made = new ServingPool({
      count,
      supervise(slot) {
        const app = { ...first, component: `serving-${slot}` };
        const definition = appComponent(app, {
          ...definitionOf(app),
          standby,
          heartbeat: heartbeatOf(options),
          onMessage: (message) => {
            made.hear(message, slot);
          },
        });
        return supervisor.supervise(definition, servingPolicy);
      },
      onCount: tellControl,
      async beforeStop() {
        await standby?.stop();
        options.closePublicPorts();
      },
      logger: options.output.logger,
    });
    pool = made;
    return standby === undefined ? [made] : [made, standbyComponent(standby, standbyAfterMs)];
  };

  for (const stage of stages) {
    const serving = stage.filter(({ serves }) => serves === 'public');
    const others = stage.filter(({ serves }) => serves !== 'public').map(component);
    await supervisor.startStage([
      ...(serving[0] === undefined ? [] : servingPool(serving[0], serving.length)),
      ...others,
    ]);
  }
}

const mostBetweenLooksMs = 1_000;

function heartbeatOf({ settings: { unresponsiveMs: limitMs }, clock }: StartAppsOptions): HeartbeatOptions | undefined {
  return limitMs === 0 ? undefined : { limitMs, lookMs: Math.min(mostBetweenLooksMs, limitMs / 5), clock };
}

function standbyFor(app: AppProcess, options: StartAppsOptions): Standby | undefined {
  if (app.standsBy !== true || !options.settings.servingStandby) return undefined;
  const waiting = { ...app, component: 'serving-standby' };
  return new Standby({
    launch: () =>
      spawnApp(waiting, { ...options.environmentOf(waiting), MODELOG_STANDBY: '1' }, options.socketsOf(waiting)),
    started: (pid) => {
      options.list.add(waiting.component, pid);
    },
    ended: (pid) => {
      options.list.remove(pid);
    },
    logger: options.output.logger,
  });
}

/** It waits for the first time once everything runs. */
const standbyComponent = (standby: Standby, afterMs: number): Component => ({
  component: 'serving-standby',
  start: () => {
    standby.prepareIn(afterMs);
    return Promise.resolve();
  },
  stop: () => standby.stop(),
});

/** Slots are used again: each has one log. */
function remembered(logOf: (component: string) => (line: string) => void): typeof logOf {
  const logs = new Map<string, (line: string) => void>();
  return (component) => {
    const log = logs.get(component) ?? logOf(component);
    logs.set(component, log);
    return log;
  };
}
