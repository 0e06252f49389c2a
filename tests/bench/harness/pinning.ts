import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which cores the server under test and the load generator run on. */
export interface Pinning {
  /** In words, for the output. */
  readonly description: string;
  /** The command that runs `command` on the server's core (or just `command`, when nothing is pinned). */
  readonly server: (command: readonly string[]) => string[];
  readonly generator: (command: readonly string[]) => string[];
  /** Moves a running process, all its threads included, to the server's core. One that is gone is left alone. */
  moveToServerCore(pid: number): void;
}

/** Generator on the last core, server on the first; nothing is pinned without util-linux's taskset or a second core. */
export function choosePinning(): Pinning {
  const cores = allowedCores(readFileSync('/proc/self/status', 'utf8'));
  const server = cores[0]!;
  const generator = cores.at(-1)!;
  if (server === generator) return unpinned('unpinned: one core only, generator and server share it');
  if (spawnSync('taskset', ['--version']).status !== 0) return unpinned('unpinned: taskset is not installed');
  const onCore = (core: number) => (command: readonly string[]) => ['taskset', '--cpu-list', String(core), ...command];
  return {
    description: `server under test on core ${server}, load generator on core ${generator}`,
    server: onCore(server),
    generator: onCore(generator),
    moveToServerCore: (pid) => {
      move(pid, server);
    },
  };
}

/** The cores a process may use, ascending, from its /proc/<pid>/status: a container may hold back the first ones. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1];
  if (list === undefined) throw new Error('/proc/self/status: expected a line Cpus_allowed_list');
  return list.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const unpinned = (description: string): Pinning => ({
  description,
  server: (command) => [...command],
  generator: (command) => [...command],
  moveToServerCore: () => undefined,
});

function move(pid: number, core: number): void {
  const moved = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    encoding: 'utf8',
  });
  if (moved.status === 0 || moved.stderr.includes('No such process')) return;
  throw new Error(`process ${pid} cannot be moved to core ${core}: ${moved.stderr}`);
}
