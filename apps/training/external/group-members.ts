import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A running process that belongs to a command. */
export interface GroupMember {
  readonly pid: number;
  /** Bytes of memory that it holds; pages that processes share count for each of them. */
  readonly rss: number;
}

/**
 * The processes that a command has started, by the process group and session of its leader. On Linux also those that have
 * left both, known by the text `marker` in their environment; elsewhere such a process is not found.
 * @param leader is in the group itself, and is not told.
 */
export async function groupMembers(leader: number, marker: string): Promise<readonly GroupMember[]> {
  const members = await (process.platform === 'linux' ? membersInProc(leader, marker) : membersOfPs(leader));
  return members.filter(({ pid }) => pid !== leader);
}

async function membersInProc(leader: number, marker: string): Promise<GroupMember[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => memberInProc(pid, leader, marker)));
  return found.filter((member) => member !== null);
}

/** null: it belongs to something else, is gone, or has ended and waits to be read (a zombie). */
async function memberInProc(pid: string, leader: number, marker: string): Promise<GroupMember | null> {
  const stat = await textOf(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything.
  const [state, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '' || state === 'Z') return null;
  const inside = Number(group) === leader || Number(session) === leader;
  if (!inside && !(await textOf(`/proc/${pid}/environ`)).split('\0').includes(marker)) return null;
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await textOf(`/proc/${pid}/status`))?.[1];
  return { pid: Number(pid), rss: Number(kibibytes ?? 0) * 1024 };
}

/** Empty where the process has ended, or is another user's. */
const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

async function membersOfPs(leader: number): Promise<GroupMember[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,pgid=,rss=,state=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, group, , state]) => Number(group) === leader && !state?.startsWith('Z'))
    .map(([pid, , kibibytes]) => ({ pid: Number(pid), rss: Number(kibibytes) * 1024 }));
}
