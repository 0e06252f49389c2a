import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProcessDefinition } from './processes/supervised-process.js';

/** One process of the product's own: a compiled program that says over IPC when it is ready. */
export interface AppProcess {
  readonly component: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Which bound port it serves. Whoever serves none is not told the secret either, for it has no tokens to check. */
  readonly serves: 'public' | 'api' | 'none';
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
});

/** Workers are numbered from 1. Its name is what a restarted worker takes its job back by: one is never another's. */
export const trainingProcess = (number: number): AppProcess => ({
  component: `training-${number}`,
  program: programOf('training/main.js'),
  args: [],
  serves: 'none',
});

export interface AppComponentOptions {
  /** Read at every launch: the servers' addresses are known only once those run. */
  environment(): NodeJS.ProcessEnv;
  /** Of the bound port that it serves; null: it serves none. */
  readonly descriptor: number | null;
  readonly onLine: (line: string) => void;
}

export function appComponent(app: AppProcess, options: AppComponentOptions): ProcessDefinition {
  const { descriptor } = options;
  return {
    component: app.component,
    stopSignal: 'SIGTERM',
    // An app gives itself 10 s to drain (runApp of libs/nest).
    stopGraceMs: 15_000,
    onLine: options.onLine,
    launch() {
      const child = spawn(process.execPath, ['--enable-source-maps', app.program, ...app.args], {
        env: {
          ...process.env,
          ...options.environment(),
          MODELOG_INSTANCE: app.component,
          MODELOG_PUBLIC_FD: app.serves === 'public' ? String(descriptorSlot) : undefined,
          MODELOG_API_FD: app.serves === 'api' ? String(descriptorSlot) : undefined,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...(descriptor === null ? [] : [descriptor])],
        detached: true,
      });
      return Promise.resolve(child);
    },
    async ready(child, signal) {
      for (;;) {
        const [message] = (await once(child, 'message', { signal })) as unknown[];
        if (isReady(message)) return;
      }
    },
  };
}

/** Standard input, output, error and the IPC channel come first. */
const descriptorSlot = 4;

const isReady = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
