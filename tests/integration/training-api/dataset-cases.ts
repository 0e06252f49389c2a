import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { api } from '#libs/contracts/index.js';
import { digestOf } from '../api/api-world.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import { loans, type TrainingWorld } from './world.js';

export function datasetCases(world: () => TrainingWorld): void {
  const place = (name: string, text: string): void => {
    writeFileSync(join(world().folder, name), text);
  };
  const register = async (name: string, body: object, headers = {}) => {
    const { status, body: answer, text } = await world().post('/api/datasets', { name, ...body }, headers);
    if (status !== 201) throw new Error(`${status} ${text}`);
    return api.datasetRegistered.parse(answer);
  };

  describe('a data set', () => {
    it('is its bytes, its schema and its profile', async () => {
      const { version, digest, rows, seq } = await register('bank', { uri: 'bank/loans.csv', description: 'of 2026' });
      expect([version, digest, rows]).toEqual(['1.0.0', digestOf(Buffer.from(loans)), 3]);
      const one = await world().get(`/api/datasets/bank/versions/1.0.0?min_seq=${seq}`);
      const view = api.datasetVersionView.parse(one.body);
      expect(view).toMatchObject({
        ...{ dataset: 'bank', version, digest, rows, bytes: loans.length, format: 'csv', description: 'of 2026' },
        ...{ source: { uri: 'bank/loans.csv', format: 'csv' }, created_by: 'sara', seq, as_of_seq: seq },
      });
      expect(view.schema.columns.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
        ...['age integer false', 'income integer false', 'country category false', 'defaulted category false'],
      ]);
      expect(view.columns[0]).toMatchObject({
        name: 'age',
        count: 3,
        missing: 0,
        numeric: { min: 23, max: 54, mean: 36 },
      });
      expect(view.columns[2]!.top[0]).toEqual({ value: 'DE', count: 2 });
      const profile = await world().get(`/api/artifacts/${view.profile}`);
      expect(JSON.parse(profile.text)).toMatchObject({ version: 1, digest, columns: view.columns });
    });

    it('has a minor version for other rows, a major one for another schema, none for the same', async () => {
      place('grows.csv', 'a,b\n1,x\n2,y\n');
      const first = await register('grows', { uri: 'grows.csv' });
      const same: Refusal = { status: 409, code: 'no_change', says: 'grows@1.0.0' };
      await expectRefused(world(), () => world().post('/api/datasets', { name: 'grows', uri: 'grows.csv' }), same);
      place('grows.csv', 'a,b\n1,x\n2,y\n3,x\n');
      expect((await register('grows', { uri: 'grows.csv' })).version).toBe('1.1.0');
      place('grows.csv', 'a,b,c\n1,x,0.5\n2,y,0.25\n');
      const last = await register('grows', { uri: 'grows.csv' });
      expect(last.version).toBe('2.0.0');

      const all = api.datasetView.parse((await world().get(`/api/datasets/grows?min_seq=${last.seq}`)).body);
      expect(all.versions.map(({ version, rows }) => [version, rows])).toEqual([
        ['1.0.0', 2],
        ['1.1.0', 3],
        ['2.0.0', 2],
      ]);
      const before = await world().get(`/api/datasets/grows?as_of=seq:${first.seq}`);
      expect(api.datasetView.parse(before.body).versions).toEqual(all.versions.slice(0, 1));
      await expectRefused(world(), () => world().get(`/api/datasets/grows/versions/2.0.0?as_of=seq:${first.seq}`), {
        ...{ status: 404, code: 'dataset_version_not_found' },
      });
      const list = await world().get(`/api/datasets?limit=500&min_seq=${last.seq}`);
      const summary = api.datasetList.parse(list.body).items.find(({ dataset }) => dataset === 'grows');
      expect(summary).toMatchObject({ versions: 3, latest_version: '2.0.0', rows: 2 });
    });

    it('is read in a process of its own where it is not small, with the same answer', async () => {
      const rows = Array.from({ length: 30_000 }, (_, row) => `${row},word ${row % 7}`);
      place('large.csv', ['number,word', ...rows].join('\n'));
      const { version, seq } = await register('large', { uri: 'large.csv' });
      const { body } = await world().get(`/api/datasets/large/versions/${version}?min_seq=${seq}`);
      const { columns } = api.datasetVersionView.parse(body);
      expect(columns[0]).toMatchObject({ count: 30_000, numeric: { min: 0, max: 29_999, mean: 14_999.5 } });
      expect(columns[1]).toMatchObject({
        distinct: 7,
        top: expect.arrayContaining([{ value: 'word 0', count: 4286 }]),
      });
    });

    it('can be an artifact, of JSON lines too', async () => {
      const artifact = await world().upload(Buffer.from('{"a":1}\n{"a":null}\n'));
      const { digest, seq } = await register('uploaded', { artifact, format: 'jsonl' });
      expect(digest).toBe(artifact);
      const { body } = await world().get(`/api/datasets/uploaded?min_seq=${seq}`);
      expect(api.datasetView.parse(body).versions[0]!.source).toEqual({ artifact, format: 'jsonl' });
    });

    it('is registered once for one key, even where its file is gone', async () => {
      place('gone.csv', 'a\n1\n2\n');
      const key = { 'idempotency-key': 'a file' };
      const first = await register('gone', { uri: 'gone.csv' }, key);
      rmSync(join(world().folder, 'gone.csv'));
      expect(await register('gone', { uri: 'gone.csv' }, key)).toEqual(first);
      await expectRefused(world(), () => world().post('/api/datasets', { name: 'gone', uri: 'other.csv' }, key), {
        ...{ status: 409, code: 'idempotency_conflict' },
      });
    });

    it('is listed by name, page by page', async () => {
      for (const name of ['z 1', 'z 2', 'z 3']) await register(name, { uri: 'bank/loans.csv' });
      const names: string[] = [];
      for (let query = `limit=2&min_seq=${await world().head()}`; ;) {
        const { items, next_cursor } = api.datasetList.parse((await world().get(`/api/datasets?${query}`)).body);
        names.push(...items.map(({ dataset }) => dataset));
        if (next_cursor === null) break;
        query = `limit=2&cursor=${next_cursor}`;
      }
      expect(names).toEqual([...names].sort());
      expect(names.slice(-3)).toEqual(['z 1', 'z 2', 'z 3']);
    });
  });

  describe('a data set that cannot be', () => {
    const unreadable = { status: 422, code: 'dataset_unreadable', path: 'uri' } as const;
    const files: [what: string, text: string, refusal: Refusal][] = [
      ['empty', '', unreadable],
      ['a header without rows', 'a,b\n', unreadable],
      ['ragged', 'a,b\n1,2\n3\n', { ...unreadable, says: '3' }],
      ['of a column twice', 'a,a\n1,2\n', { ...unreadable, says: 'a' }],
      ['of an open quote', 'a,b\n"1,2\n', unreadable],
    ];
    it.each(files)('is refused where it is %s', async (what, text, refusal) => {
      place(`${what}.csv`, text);
      await expectRefused(world(), () => world().post('/api/datasets', { name: 'bad', uri: `${what}.csv` }), refusal);
    });

    it('is refused where its bytes are no text', async () => {
      writeFileSync(join(world().folder, 'latin1.csv'), Buffer.from('a\nK\xf6ln\n', 'latin1'));
      const body = { name: 'bad', uri: 'latin1.csv' };
      await expectRefused(world(), () => world().post('/api/datasets', body), { ...unreadable, says: /UTF-8/i });
    });

    const bodies: [what: string, body: object, refusal: Refusal][] = [
      ['out of the folder', { uri: '../loans.csv' }, { status: 422, code: 'dataset_not_allowed', path: 'uri' }],
      ['behind a link', { uri: 'bank/link.csv' }, { status: 422, code: 'dataset_not_allowed', path: 'uri' }],
      ['nowhere', { uri: 'none.csv' }, unreadable],
      ['of no format', { uri: 'bank/loans' }, { status: 422, code: 'invalid_request', path: 'format' }],
      ['neither file nor artifact', {}, { status: 422, code: 'invalid_request', says: 'uri or artifact' }],
      [
        'an artifact that is not there',
        { artifact: `sha256:${'0'.repeat(64)}`, format: 'csv' },
        { status: 404, code: 'artifact_not_found', path: 'artifact' },
      ],
    ];
    it.each(bodies)('is refused for what is %s', async (_what, body, refusal) => {
      await expectRefused(world(), () => world().post('/api/datasets', { name: 'bad', ...body }), refusal);
    });

    it('is not there', async () => {
      const missing = { status: 404, code: 'dataset_not_found' } as const;
      await expectRefused(world(), () => world().get('/api/datasets/none'), missing);
      await expectRefused(world(), () => world().get('/api/datasets/none/versions/1.0.0'), missing);
      await expectRefused(world(), () => world().get('/api/datasets/none/versions/latest'), {
        ...{ status: 422, code: 'invalid_request' },
      });
    });

    it('is refused to who may not train', async () => {
      const body = { name: 'bad', uri: 'bank/loans.csv' };
      await expectRefused(world(), async () => world().post('/api/datasets', body, await world().as('eve', 'viewer')), {
        ...{ status: 403, code: 'forbidden' },
      });
    });
  });
}
