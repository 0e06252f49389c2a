import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '#libs/kernel/index.js';
import type { CapturedLines } from './captured-lines.js';
import { groupMembers } from './group-members.js';

/** What the guard is sent. */
export interface GuardedCommand {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a command ended by itself, as the guard tells it. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'not_started'; readonly reason: string };

/** Why a command was ended. */
export type Stopped =
  { readonly kind: 'timeout' } | { readonly kind: 'memory'; readonly bytes: number } | { readonly kind: 'aborted' };

export interface GuardOptions extends GuardedCommand {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly lines: CapturedLines;
  /** `NAME=value` of `env` that no other command has: it tells processes that left the group. */
  readonly marker: string;
  readonly signal?: AbortSignal | undefined;
  readonly pace: Pace;
}

export interface Pace {
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Milliseconds between two looks at the memory: a command that grows faster may exceed its limit for so long. */
  readonly memoryEveryMs: number;
}

export const standardPace: Pace = { graceMs: 5000, memoryEveryMs: 250 };

const guardProgram = fileURLToPath(new URL('./guard.mjs', import.meta.url));

/** Once everything that could write is gone, pipes close at once. */
const pipesCloseWithinMs = 2000;

/**
 * Runs a command in a process group of its own, until it ends or has to be ended: at the time limit, above the memory limit
 * (the sum over its processes), or when the signal is aborted. When this resolves nothing of it runs any more.
 */
export async function runGuarded(options: GuardOptions): Promise<CommandEnd | Stopped> {
  const { command, directory, env, lines } = options;
  const guard = fork(guardProgram, {
    ...{ detached: true, execArgv: [], env: {} },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // What the guard told is read when its channel is, which may be after its end.
  const ended = Promise.all([once(guard, 'exit'), once(guard, 'disconnect')]);
  const closed = once(guard, 'close');
  closed.catch(() => undefined);
  if (guard.pid === undefined) return { kind: 'not_started', reason: await reasonOf(ended) };
  lines.follow(guard.stdout!);
  lines.follow(guard.stderr!);
  let told: CommandEnd | undefined;
  guard.once('message', (message) => (told = message as CommandEnd));
  guard.send({ command, directory, env } satisfies GuardedCommand, () => undefined);
  const watch = watchGroup(guard.pid, options);
  const [[code, signal]] = (await ended) as [[number | null, string | null], unknown[]];
  const stopped = await watch.end();
  await endStrays(guard.pid, options.marker);
  await within(pipesCloseWithinMs, closed);
  guard.stdout!.destroy();
  guard.stderr!.destroy();
  lines.close();
  return stopped ?? told ?? { kind: 'exited', code, signal };
}

const reasonOf = (ended: Promise<unknown>): Promise<string> => ended.then(() => 'it gave no reason', messageOf);

async function within(ms: number, done: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  const over = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([done, over]);
  waiting.abort();
}

/** Ends the group for the first reason there is; `end` stops watching and tells the reason. */
function watchGroup(leader: number, { timeoutMs, memoryBytes, marker, signal, pace }: GuardOptions) {
  const watching = new AbortController();
  let stopped: Stopped | undefined;
  const timers: NodeJS.Timeout[] = [];
  const stop = (why: Stopped): void => {
    if (stopped !== undefined || watching.signal.aborted) return;
    stopped = why;
    // Out of memory there is no time for an orderly end.
    kill(-leader, why.kind === 'memory' ? 'SIGKILL' : 'SIGTERM');
    timers.push(setTimeout(kill, pace.graceMs, -leader, 'SIGKILL'));
  };
  const onAbort = (): void => {
    stop({ kind: 'aborted' });
  };
  timers.push(
    setTimeout(() => {
      stop({ kind: 'timeout' });
    }, timeoutMs),
  );
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  const looking = lookAtMemory(leader, marker, pace.memoryEveryMs, watching.signal, (bytes) => {
    if (bytes > memoryBytes) stop({ kind: 'memory', bytes });
  });
  return {
    async end(): Promise<Stopped | undefined> {
      watching.abort();
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      await looking;
      return stopped;
    },
  };
}

async function lookAtMemory(
  leader: number,
  marker: string,
  everyMs: number,
  ended: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  while (!ended.aborted) {
    // One that fails, for want of file handles or processes, is made up for by the next.
    const members = await groupMembers(leader, marker).catch(() => []);
    onBytes(members.reduce((sum, { rss }) => sum + rss, 0));
    await delay(everyMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** What forks while it is looked for is found by the next look. */
async function endStrays(leader: number, marker: string): Promise<void> {
  for (;;) {
    kill(-leader, 'SIGKILL');
    const members = await groupMembers(leader, marker);
    if (members.length === 0) return;
    for (const { pid } of members) kill(pid, 'SIGKILL');
    await delay(5);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
