import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { fileSource } from '../sources/data-source.js';
import { accepted, refused } from '../testing/text-sources.js';
import { scanApart } from './scan-apart.js';
import { scanDataset } from './scan-dataset.js';

const program = join(rootFolder, 'dist/libs/datasets/scan/scan-process.js');
const fixture = (name: string): string => join(rootFolder, 'tests/fixtures/data-formats', name);

describe('a scan in a process of its own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scan-apart-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds what a scan finds', async () => {
    const file = fixture('plain-zstd.parquet');
    const here = accepted(await scanDataset(await fileSource(file), 'parquet'));
    expect(accepted(await scanApart(file, 'parquet', { program }))).toEqual(here);
  });

  it('refuses what a scan refuses, and what would end the process', async () => {
    expect(refused(await scanApart(fixture('nested.parquet'), 'parquet', { program }))).toBe(
      "unsupported column 'list': nested values, expected plain ones",
    );
    expect(refused(await scanApart(fixture('endless-run.parquet'), 'parquet', { program, heap: 64 }))).toBe(
      'too_large reading it takes more than 64 MiB of memory',
    );
  });

  it('tells how far it is, and ends with its signal', async () => {
    const file = join(folder, 'long.csv');
    await writeFile(file, `x,y\n${'12345,a text\n'.repeat(1_000_000)}`);
    const stop = new AbortController();
    const reason = new Error('the job is over');
    const told: number[] = [];
    const onBytes = (bytes: number): void => {
      told.push(bytes);
      stop.abort(reason);
    };
    await expect(scanApart(file, 'csv', { program, signal: stop.signal, onBytes })).rejects.toBe(reason);
    expect(told.length).toBeGreaterThan(0);
    await expect(scanApart(file, 'csv', { program, signal: stop.signal })).rejects.toBe(reason);
  });

  it('ends when it takes too long', async () => {
    expect(refused(await scanApart(join(folder, 'long.csv'), 'csv', { program, timeoutMs: 1 }))).toBe(
      'too_large reading it takes more than 0.001 s',
    );
  });
});
