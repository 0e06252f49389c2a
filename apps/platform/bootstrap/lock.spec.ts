import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { tryLock } from './lock.mjs';
import { processIdentity } from './process-identity.mjs';

const module = join(import.meta.dirname, 'lock.mjs');
const holder = (path: string, then: string): string[] => [
  '--input-type=module',
  '-e',
  `import { tryLock } from ${JSON.stringify(module)}; console.log(JSON.stringify(tryLock(${JSON.stringify(path)}))); ${then}`,
];

describe('the lock', () => {
  it('is refused while its holder lives, naming it, and taken over when it was killed', async () => {
    const path = join(makeFolder('lock'), 'lock');
    const other = spawn(process.execPath, holder(path, 'setInterval(() => {}, 1000)'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    expect(tryLock(path)).toEqual({ held: false, by: other.pid });
    other.kill('SIGKILL');
    await once(other, 'exit');
    const attempt = tryLock(path);
    expect(attempt.held).toBe(true);
    if (attempt.held) attempt.release();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is taken over from a process whose pid another program has by now, and when it is damaged', () => {
    const path = join(makeFolder('lock'), 'lock');
    for (const content of [JSON.stringify({ pid: process.ppid, identity: 'an earlier boot/1' }), '', '{"pid":']) {
      writeFileSync(path, content);
      const attempt = tryLock(path);
      expect(attempt.held).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`);
      if (attempt.held) attempt.release();
    }
  });

  it('goes to exactly one of many that find a stale one', async () => {
    const path = join(makeFolder('lock'), 'lock');
    writeFileSync(path, JSON.stringify({ pid: 1, identity: 'an earlier boot/1' }));
    const contenders = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const child = spawn(process.execPath, holder(path, 'setInterval(() => {}, 1000)'), {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [line] = (await once(child.stdout, 'data')) as [Buffer];
        return { child, held: (JSON.parse(line.toString()) as { held: boolean }).held };
      }),
    );
    expect(contenders.filter(({ held }) => held)).toHaveLength(1);
    for (const { child } of contenders) child.kill('SIGKILL');
    await Promise.all(contenders.map(({ child }) => once(child, 'exit')));
  });

  it('is not released by a process that lost it', () => {
    const path = join(makeFolder('lock'), 'lock');
    const attempt = tryLock(path);
    writeFileSync(path, 'somebody else');
    if (attempt.held) attempt.release();
    expect(existsSync(path)).toBe(true);
  });
});

describe('the identity of a process', () => {
  it('stays, differs between processes, and ends with the process', () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid));
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    expect(processIdentity(pid)).toBeUndefined();
  });
});
