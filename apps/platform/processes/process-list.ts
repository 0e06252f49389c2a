import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from '../bootstrap/process-identity.mjs';
import { parseJson, readIfPresent, writeWhole } from '../data-folder.js';

const entrySchema = z.object({ component: z.string(), pid: z.int(), identity: z.string().optional() });
export type ProcessEntry = z.infer<typeof entrySchema>;

/** `<data>/run/processes.json`: what runs for this data folder, for tests, for people, and for the next start. */
export interface ProcessList {
  add(component: string, pid: number): void;
  remove(pid: number): void;
}

export function processList(runFolder: string): ProcessList {
  const path = join(runFolder, 'processes.json');
  let entries: ProcessEntry[] = [];
  const write = (): void => {
    writeWhole(path, JSON.stringify(entries, undefined, 2));
  };
  write();
  return {
    add(component, pid) {
      entries = [...entries, { component, pid, identity: processIdentity(pid) }];
      write();
    },
    remove(pid) {
      entries = entries.filter((entry) => entry.pid !== pid);
      write();
    },
  };
}

/**
 * Ends what a killed platform left running on this data folder: it would hold the ports and the stores. A process is
 * known by pid and start time, so another program that got the same pid since is let alone.
 * @returns the components that were ended
 */
export async function endOrphans(runFolder: string, graceMs = 10_000): Promise<string[]> {
  const listed = z.array(entrySchema).safeParse(parseJson(readIfPresent(join(runFolder, 'processes.json')) ?? ''));
  const orphans = (listed.data ?? []).filter(runs);
  await Promise.all(orphans.map((orphan) => end(orphan, graceMs)));
  return orphans.map(({ component }) => component);
}

async function end(orphan: ProcessEntry, graceMs: number): Promise<void> {
  // PostgreSQL waits for its clients on SIGTERM; SIGINT is its fast, orderly shutdown. nats-server knows both.
  signal(orphan.pid, 'SIGINT');
  const deadline = performance.now() + graceMs;
  while (runs(orphan)) {
    if (performance.now() > deadline) signal(orphan.pid, 'SIGKILL');
    await delay(20);
  }
}

const runs = ({ pid, identity }: ProcessEntry): boolean => identity !== undefined && processIdentity(pid) === identity;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}
