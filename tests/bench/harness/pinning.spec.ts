import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { allowedCores, choosePinning } from './pinning.js';

describe('allowedCores', () => {
  it('reads single cores and ranges', () => {
    expect(allowedCores('Name:\tnode\nCpus_allowed_list:\t0-3\nMems_allowed:\t1\n')).toEqual([0, 1, 2, 3]);
    expect(allowedCores('Cpus_allowed_list:\t2,5-6,9\n')).toEqual([2, 5, 6, 9]);
  });

  it('refuses a status without the list', () => {
    expect(() => allowedCores('Name:\tnode\n')).toThrow('expected a line Cpus_allowed_list');
  });
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('choosePinning', () => {
  const pinning = choosePinning();
  const pinned = pinning.description.startsWith('unpinned') ? it.skip : it;
  const coresOf = (pid: number) => allowedCores(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const mine = coresOf(process.pid);

  pinned('starts commands on the first and the last core', async () => {
    for (const [wrap, core] of [
      [pinning.server, mine[0]],
      [pinning.generator, mine.at(-1)],
    ] as const) {
      const [command, ...args] = wrap(['cat', '/proc/self/status']);
      const child = spawn(command!, args);
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(child, 'close');
      expect(allowedCores(text)).toEqual([core]);
    }
  });

  pinned('moves a running process, and leaves one that is gone alone', async () => {
    const child = spawn('cat');
    const closed = once(child, 'close');
    await once(child, 'spawn');
    const pid = child.pid!;
    pinning.moveToServerCore(pid);
    expect(coresOf(pid)).toEqual([mine[0]]);
    child.stdin.end();
    await closed;
    expect(() => {
      pinning.moveToServerCore(pid);
    }).not.toThrow();
  });
});
