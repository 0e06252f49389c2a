import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** USER_HZ: what /proc counts CPU time in, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds (user and system, all threads) the process has used so far; undefined once it is gone. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = statFields(pid);
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Proportional set size in bytes: each shared page counted by its share, so that sums over processes are true.
 * Undefined once the process is gone. Needs the process's own user or root.
 */
export function pssBytes(pid: number): number | undefined {
  const text = readProc(`${pid}/smaps_rollup`);
  const kibibytes = text === undefined ? undefined : /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The processes given and all their descendants, each once. */
export function processTree(roots: readonly number[]): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined;
    if (parent === undefined) continue;
    const siblings = childrenOf.get(Number(parent));
    if (siblings === undefined) childrenOf.set(Number(parent), [pid]);
    else siblings.push(pid);
  }
  const found = new Set(roots);
  for (const pid of found) for (const child of childrenOf.get(pid) ?? []) found.add(child);
  return [...found];
}

/** Seconds that all cores together have spent, and how many of them the hypervisor took away, since boot. */
export function machineSeconds(): { total: number; stolen: number } {
  const fields = (readProc('stat') ?? '').split('\n', 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
  return {
    total: fields.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND,
    stolen: (fields[7] ?? 0) / TICKS_PER_SECOND,
  };
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly kernel: string;
  readonly node: string;
  /** Load average of the last minute when the run began: above zero, something else was running. */
  readonly load_average: number;
}

export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  load_average: loadavg()[0]!,
});

/** The fields of /proc/<pid>/stat from the third (the state) on; the second, a name, may hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  const text = readProc(`${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
