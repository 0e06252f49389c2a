import { describe, expect, it } from '@jest/globals';
import { expectRefused } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

interface Page {
  readonly items: readonly { readonly model_id: string; readonly version?: string }[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export function timeTravelCases(world: () => RegistryWorld): void {
  const list = async (kind: 'models' | 'versions', query: Record<string, string | number>): Promise<Page> => {
    const parameters = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const answer = await world().vera.get(`/api/${kind}?${parameters.toString()}`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body as unknown as Page;
  };
  const names = ({ items }: Page): string[] =>
    items.map(({ model_id, version }) => (version === undefined ? model_id : `${model_id}@${version}`));

  describe('lists', () => {
    it('are filtered and ordered as of any moment', async () => {
      const { anna, register, promote } = world();
      const tags = { list: 'yes' };
      const low = await register('sort-b', { tags, metrics: { auc: 0.7 } });
      const high = await register('sort-a', { tags, metrics: { auc: 0.9 } });
      const mid = await register('sort-a', {
        tags,
        metrics: { auc: 0.8 },
        hyperparameters: { depth: 7, kind: 'tree' },
      });
      const champion = await promote('sort-a', '1.0.0', 'production');
      const untagged = await anna.post('/api/models/sort-b/versions/1.0.0/tags', { tags: { list: null } });
      const seq = Number(untagged.body.seq);

      const filter = 'tags.list = "yes" and metrics.auc >= 0.75';
      const ordered = { filter, order_by: 'metrics.auc desc' };
      expect(names(await list('versions', { ...ordered, min_seq: seq }))).toEqual(['sort-a@1.0.0', 'sort-a@1.1.0']);
      expect(names(await list('versions', { ...ordered, as_of: `seq:${high.seq}` }))).toEqual(['sort-a@1.0.0']);
      expect(names(await list('versions', { ...ordered, as_of: `seq:${low.seq}` }))).toEqual([]);

      const tagged = { filter: 'tags.list = "yes"' };
      expect(names(await list('models', { ...tagged, as_of: `seq:${seq}` }))).toEqual(['sort-a']);
      expect(names(await list('models', { ...tagged, as_of: `seq:${seq - 1}` }))).toEqual(['sort-a', 'sort-b']);
      const champions = { filter: 'champion = true and name like "sort-%"' };
      expect(names(await list('models', { ...champions, as_of: `seq:${champion}` }))).toEqual(['sort-a']);
      expect(names(await list('models', { ...champions, as_of: `seq:${champion - 1}` }))).toEqual([]);
      const trees = { filter: 'hyperparameters.kind = "tree"' };
      expect(names(await list('versions', { ...trees, as_of: `seq:${mid.seq}` }))).toEqual(['sort-a@1.1.0']);
    });

    it('go on at the moment of their first page, with the same filter and order', async () => {
      const { register } = world();
      for (let index = 0; index < 5; index++) await register('paged', { tags: { paged: 'yes' } });
      const query = { filter: 'tags.paged = "yes"', order_by: 'created_at desc', limit: 2 };
      const first = await list('versions', { ...query, min_seq: await world().head() });
      await register('paged', { tags: { paged: 'yes' } });
      const seen = [...names(first)];
      for (let cursor = first.next_cursor; cursor !== null;) {
        const page = await list('versions', { ...query, cursor });
        expect(page.as_of_seq).toBe(first.as_of_seq);
        seen.push(...names(page));
        cursor = page.next_cursor;
      }
      expect([...seen].sort()).toEqual([0, 1, 2, 3, 4].map((minor) => `paged@1.${minor}.0`));
      const other = new URLSearchParams({ filter: 'tags.paged = "no"', cursor: first.next_cursor! });
      await expectRefused(world(), () => world().get(`/api/versions?${other.toString()}`), {
        ...{ status: 422, code: 'invalid_cursor', path: 'cursor' },
      });
    });
  });

  describe('history', () => {
    it('comes in pages, the newest last, up to any moment', async () => {
      const { anna, register } = world();
      const { seq } = await register('told');
      for (const version of ['1.0.0', '1.1.0']) {
        if (version !== '1.0.0') await register('told');
        await anna.put('/api/models/told/aliases/a', { version });
      }
      const path = '/api/models/told/history';
      const first = await world().get(`${path}?limit=2&min_seq=${await world().head()}`);
      const second = await world().get(`${path}?limit=2&cursor=${String(first.body.next_cursor)}`);
      const types = [first, second].flatMap(({ body }) => (body.items as { type: string }[]).map(({ type }) => type));
      expect(types).toEqual(['VersionRegistered', 'AliasSet', 'VersionRegistered', 'AliasSet']);
      expect(second.body.next_cursor).toBeNull();
      const then = await world().get(`${path}?as_of=seq:${seq}`);
      expect(then.body.items).toMatchObject([{ seq, type: 'VersionRegistered', actor: 'anna', version: '1.0.0' }]);
    });
  });
}
