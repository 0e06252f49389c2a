import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { cpuSeconds, machineSeconds, processTree, pssBytes } from './process-usage.js';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('/proc', () => {
  it('counts the CPU time of a process as the process itself does', () => {
    const end = performance.now() + 50;
    while (performance.now() < end) Math.sqrt(end);
    const own = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    };
    const before = own();
    const counted = cpuSeconds(process.pid)!;
    // User and system time are each cut to a hundredth of a second, and may have been rounded once before.
    expect(counted).toBeGreaterThan(before - 0.04);
    expect(counted).toBeLessThan(own() + 0.02);
  });

  it('finds a child in the tree and its memory, and nothing once it is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); process.stdin.resume()']);
    await once(child.stdout, 'data');
    const pid = child.pid!;
    expect(processTree([process.pid])).toContain(pid);
    expect(processTree([pid])).toEqual([pid]);
    expect(pssBytes(pid)).toBeGreaterThan(1_000_000);
    child.stdin.end();
    await once(child, 'close');
    expect(cpuSeconds(pid)).toBeUndefined();
    expect(pssBytes(pid)).toBeUndefined();
    expect(processTree([process.pid])).not.toContain(pid);
  });

  it('never counts more stolen than there was', () => {
    const { total, stolen } = machineSeconds();
    expect(total).toBeGreaterThan(0);
    expect(stolen).toBeLessThanOrEqual(total);
  });
});
