import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { systemConnectionLimit } from './connection-limit.js';

describe('the connections that a process may hold', () => {
  const limits = (line: string): string => {
    const file = join(makeFolder('limits'), 'limits');
    writeFileSync(file, `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`);
    return file;
  };

  it('are nine tenths of the files that it may open', () => {
    const file = limits('Max open files            1024                 524288               files');
    expect(systemConnectionLimit(file)).toBe(921);
  });

  it('have no bound where the system names none', () => {
    const file = limits('Max open files            unlimited            unlimited            files');
    expect(systemConnectionLimit(file)).toBeUndefined();
    expect(systemConnectionLimit(join(file, 'none'))).toBeUndefined();
  });
});
