import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processIdentity } from '../../apps/platform/bootstrap/process-identity.mjs';
import { endRun } from './end-run.mjs';

/**
 * The folder of this test run, below which every server keeps its data. Jest's global set-up makes it and its global
 * teardown ends what still runs from it; a program outside Jest (the benchmarks) gets one of its own, ended at exit.
 */
export function runFolder(): string {
  const given = process.env.MODELOG_TEST_RUN;
  if (given !== undefined) return given;
  const made = mkdtempSync(join(tmpdir(), `modelog-tests-${process.pid}-`));
  // PostgreSQL runs as another user when this process is root.
  chmodSync(made, 0o711);
  process.env.MODELOG_TEST_RUN = made;
  process.once('exit', () => {
    endRun(made);
  });
  return made;
}

let made = 0;

/** A new empty folder of the run. */
export function makeFolder(name: string): string {
  made += 1;
  const folder = join(runFolder(), `${name}-${process.pid}-${made}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  return folder;
}

/** Enters a process into the run's list: it is ended with the run, whatever becomes of the test that started it. */
export function register(pid: number, component: string): void {
  const folder = join(runFolder(), 'processes');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${pid}.json`), JSON.stringify([{ component, pid, identity: processIdentity(pid) }]));
}
