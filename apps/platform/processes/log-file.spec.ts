import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { openLogFile } from './log-file.js';

it('a log file begins anew with a start and keeps the former, and never holds more than its limit', () => {
  const path = join(makeFolder('logs'), 'api.log');
  writeFileSync(path, 'former\n');
  const log = openLogFile(path, 40);
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('former\n');
  for (let index = 0; index < 10; index += 1) log.write(`line ${index} 890`);
  log.close();
  expect(readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')).toBe(
    'line 4 890\nline 5 890\nline 6 890\nline 7 890\nline 8 890\nline 9 890\n',
  );
});
