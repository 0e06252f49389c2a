import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { openDatasetsFolder } from './datasets-folder.js';

it('is made in the data folder where none is named, once, and may be a link to one that is there', () => {
  const dataFolder = makeFolder('data');
  const made = join(dataFolder, 'datasets');
  for (const _time of [1, 2]) expect(openDatasetsFolder(undefined, dataFolder)).toBe(made);
  expect(statSync(made).isDirectory()).toBe(true);
  const other = makeFolder('data');
  symlinkSync(made, join(other, 'datasets'));
  expect(openDatasetsFolder(undefined, other)).toBe(join(other, 'datasets'));
});

it('is the one that is named, and none is made beside it', () => {
  const dataFolder = makeFolder('data');
  const named = makeFolder('sets');
  expect(openDatasetsFolder(named, dataFolder)).toBe(named);
  expect(statSync(join(dataFolder, 'datasets'), { throwIfNoEntry: false })).toBeUndefined();
});

it.each([
  ['is not there', 'none', 'ENOENT'],
  ['is a file', 'file', 'this is none'],
  ['lies below a file', 'file/below', 'ENOTDIR'],
])('that is named and %s is refused with the variable and the reason', (_what, name, reason) => {
  const folder = makeFolder('sets');
  writeFileSync(join(folder, 'file'), '');
  const path = join(folder, name);
  const open = (): unknown => openDatasetsFolder(path, folder);
  expect(open).toThrow(`MODELOG_DATASETS_DIR is ${JSON.stringify(path)}: expected a folder that is there (`);
  expect(open).toThrow(reason);
});

it('that cannot be made says which and why', () => {
  const dataFolder = makeFolder('data');
  const path = join(dataFolder, 'datasets');
  writeFileSync(path, '');
  const open = (): unknown => openDatasetsFolder(undefined, dataFolder);
  expect(open).toThrow(`data sets' folder ${path}: `);
  expect(open).toThrow('EEXIST');
});
