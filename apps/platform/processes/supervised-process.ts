import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, ModelogError, type Clock } from '#libs/kernel/index.js';

/** One operating-system process that has to run for as long as the platform does. */
export interface ProcessDefinition {
  readonly component: string;
  /** Done once, before the first try and outside its time limit; what it throws is not mended by trying again. */
  prepare?(): Promise<void>;
  /** Starts the process; called again for every restart, with how the life before it ended. Its standard output and error are pipes. */
  launch(before: EndedLife | null): Promise<ChildProcess>;
  /** Resolves when the process can serve. Aborted when it ends first or takes too long. */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
  /**
   * Watches a process that is ready. `giveUp` ends one that does nothing any more, with SIGKILL and for the reason given,
   * so that it is started again. Returns what ends the watch.
   */
  watch?(child: ChildProcess, giveUp: (why: string) => void): () => void;
  readonly stopSignal: NodeJS.Signals;
  /** Milliseconds between that signal and SIGKILL. */
  readonly stopGraceMs: number;
  onLine?(line: string): void;
}

/** How one life of a process ended. */
export interface EndedLife {
  /** In words. */
  readonly how: string;
  readonly signal: NodeJS.Signals | null;
  /** It was killed because it did nothing any more: it was given up, or did not end when it was told to. */
  readonly isUnresponsive: boolean;
  /** What it said last. */
  readonly lastLines: readonly string[];
}

/** Thrown by `ready` for what no further try can mend: the first start fails with it at once. */
export class HopelessStart extends ModelogError {}

export interface SupervisionPolicy {
  /** Tries of the first start. */
  readonly attempts: number;
  /** Milliseconds in which a process must be ready, and in which the first start must succeed with all its tries. */
  readonly readyWithinMs: number;
  /** The wait before the second restart in a row; doubled for each that follows. The first restart does not wait. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A process that was ready for so long has recovered: its next restart is a first one again. */
  readonly healthyAfterMs: number;
}

export const standardPolicy: SupervisionPolicy = {
  attempts: 5,
  readyWithinMs: 60_000,
  backoffMs: 200,
  maxBackoffMs: 5_000,
  healthyAfterMs: 30_000,
};

export interface SupervisionEvents {
  started(component: string, pid: number): void;
  ended(component: string, pid: number, how: string): void;
  /** The process ended by itself; it is started again after so many milliseconds. */
  restarting(component: string, how: string, afterMs: number): void;
  restarted(component: string, pid: number, tookMs: number): void;
}

export interface SupervisedProcess {
  readonly component: string;
  /**
   * Resolves when the process is ready for the first time; from then on it is restarted whenever it ends.
   * @throws what `prepare` throws; ModelogError `component_failed` with the process's last lines; `component_stopped` when `stop` came first
   */
  start(): Promise<void>;
  /** Ends the process once it was ready, so that it is started again. Does nothing while it is being started or stopped. */
  restart(): Promise<void>;
  /** Ends the process for good. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Milliseconds to wait before the restart that follows `failures` failures in a row. */
export function backoffMs(failures: number, policy: SupervisionPolicy): number {
  if (failures <= 1) return 0;
  return Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (failures - 2));
}

/** Behind the line that names its end a program may write a stack. */
const keptLines = 100;
const shownLines = 20;

export function superviseProcess(
  definition: ProcessDefinition,
  { policy, events, clock }: { policy: SupervisionPolicy; events: SupervisionEvents; clock: Clock },
): SupervisedProcess {
  const { component } = definition;
  const stopping = new AbortController();
  let current: RunningChild | undefined;
  let before: EndedLife | null = null;
  let loop: Promise<void> | undefined;

  /** One life of the process, up to being ready. @throws why it did not become ready; the process is gone then */
  const bringUp = async (withinMs: number): Promise<RunningChild> => {
    const child = await follow(definition, before);
    current = child;
    events.started(component, child.pid);
    void child.ended.then((ended) => {
      before = ended;
      events.ended(component, child.pid, ended.how);
    });
    if (stopping.signal.aborted) void child.end();
    const giveUp = new AbortController();
    const limit = setTimeout(() => {
      giveUp.abort();
    }, withinMs);
    try {
      const ready = definition.ready(child.process, giveUp.signal).then(() => 'ready' as const);
      const late = new Promise<'late'>((resolve) => {
        giveUp.signal.addEventListener('abort', () => {
          resolve('late');
        });
      });
      const first = await Promise.race([ready, late, child.ended]);
      // The losers of the race may still reject: nobody waits for them any more.
      ready.catch(() => undefined);
      if (first === 'ready') return child;
      throw new Error(first === 'late' ? `not ready within ${withinMs / 1000} s` : first.how);
    } catch (error) {
      giveUp.abort();
      await child.end();
      throw new ModelogError(
        'component_failed',
        [messageOf(error), ...child.lastLines().slice(-shownLines)].join('\n    '),
        {
          cause: error,
        },
      );
    } finally {
      clearTimeout(limit);
    }
  };

  /** The life of a process that is ready, until it ends. */
  const lived = async (child: RunningChild): Promise<EndedLife> => {
    const unwatch = definition.watch?.(child.process, (why) => {
      child.giveUp(why);
    });
    try {
      return await child.ended;
    } finally {
      unwatch?.();
    }
  };

  const keepRunning = async (first: RunningChild): Promise<void> => {
    let child: RunningChild | undefined = first;
    let readyAt = clock.monotonic();
    let failures = 0;
    let { how } = await lived(first);
    while (!stopping.signal.aborted) {
      if (child !== undefined && clock.monotonic() - readyAt >= policy.healthyAfterMs) failures = 0;
      failures += 1;
      const wait = backoffMs(failures, policy);
      events.restarting(component, how, wait);
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isAborted(stopping.signal)) return;
      const began = clock.monotonic();
      try {
        child = await bringUp(policy.readyWithinMs);
        readyAt = clock.monotonic();
        events.restarted(component, child.pid, readyAt - began);
        ({ how } = await lived(child));
      } catch (error) {
        child = undefined;
        how = messageOf(error);
      }
    }
  };

  return {
    component,
    async start() {
      await definition.prepare?.();
      if (isAborted(stopping.signal)) throw stoppedWhileStarting(component);
      const deadline = clock.monotonic() + policy.readyWithinMs;
      for (let attempt = 1; ; attempt += 1) {
        try {
          const child = await bringUp(Math.max(1, deadline - clock.monotonic()));
          loop = keepRunning(child);
          return;
        } catch (error) {
          if (isAborted(stopping.signal)) throw stoppedWhileStarting(component);
          if (error instanceof ModelogError && error.cause instanceof HopelessStart) throw error.cause;
          const wait = backoffMs(attempt, policy);
          if (attempt >= policy.attempts || clock.monotonic() + wait >= deadline) {
            throw new ModelogError(
              'component_failed',
              `${component} cannot be started (${attempt} ${attempt === 1 ? 'try' : 'tries'}): ${messageOf(error)}`,
              { cause: error },
            );
          }
          await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
          if (isAborted(stopping.signal)) throw stoppedWhileStarting(component);
        }
      }
    },
    async restart() {
      if (loop !== undefined && !isAborted(stopping.signal)) await current?.end();
    },
    async stop() {
      stopping.abort();
      await current?.end();
      await loop;
    },
  };
}

const stoppedWhileStarting = (component: string): ModelogError =>
  new ModelogError('component_stopped', `${component} was stopped while starting`);

interface RunningChild {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<EndedLife>;
  end(): Promise<void>;
  /** Kills it, unless it is being ended. */
  giveUp(why: string): void;
  lastLines(): readonly string[];
}

async function follow(definition: ProcessDefinition, before: EndedLife | null): Promise<RunningChild> {
  const child = await definition.launch(before);
  const lines: string[] = [];
  let isEnding = false;
  let unresponsive: string | undefined;
  const kill = (why: string): void => {
    unresponsive = why;
    child.kill('SIGKILL');
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      definition.onLine?.(line);
    });
  }
  // `close`, not `exit`: it comes after the last line was read.
  const ended = new Promise<EndedLife>((resolve) => {
    child.once('error', (error) => {
      resolve({ how: `could not be run: ${error.message}`, signal: null, isUnresponsive: false, lastLines: lines });
    });
    child.once('close', (code, signal) => {
      const isUnresponsive = signal === 'SIGKILL' && unresponsive !== undefined;
      const by = signal === null ? `ended with exit code ${code ?? 'unknown'}` : `ended by ${signal}`;
      const how = isUnresponsive ? `${by}: ${unresponsive}` : by;
      resolve({ how, signal, isUnresponsive, lastLines: lines });
    });
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    ended,
    lastLines: () => lines,
    async end() {
      isEnding = true;
      const { stopSignal, stopGraceMs } = definition;
      child.kill(stopSignal);
      const patience = setTimeout(() => {
        kill(`it did not end within ${stopGraceMs / 1000} s of ${stopSignal}`);
      }, stopGraceMs);
      await ended;
      clearTimeout(patience);
    },
    giveUp(why) {
      if (!isEnding) kill(why);
    },
  };
}

/** The signal changes while a function waits, which the compiler's narrowing does not know. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
