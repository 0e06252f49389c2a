import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { openDataFolder } from './data-folder.js';

it.each([
  ['', 'not a JSON object'],
  ['\u0000\u0001', 'not a JSON object'],
  ['{"nats":"m1","postgres":7}', 'subscriber, postgres'],
])('secrets.json with %j is refused with what is wrong and what to do', (content, what) => {
  const path = makeFolder('data');
  writeFileSync(join(path, 'secrets.json'), content);
  const open = (): void => {
    openDataFolder(path).release();
  };
  expect(open).toThrow(what);
  expect(open).toThrow(`move it and ${join(path, 'postgres')} away`);
});
