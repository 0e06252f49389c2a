import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { fixture, type ApiWorld } from './api-world.js';
import { openFeedAt, type Feed } from './feed.js';
import { expectRefused, type Refusal } from './refusals.js';

interface Page {
  readonly items: readonly api.EventView[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export function eventCases(world: () => ApiWorld): void {
  describe('events', () => {
    const page = async (query: string): Promise<Page> =>
      (await world().get(`/api/events?${query}`)).body as unknown as Page;
    const register = async (name: string): Promise<number> => {
      const artifact = await world().upload(fixture('mlp-iris/model.onnx'));
      return Number((await world().post('/api/models', { name, artifact })).body.seq);
    };

    it('come in pages, all of them, once', async () => {
      await register('paged');
      const all: number[] = [];
      for (let query = 'limit=2'; ;) {
        const { items, next_cursor } = await page(query);
        all.push(...items.map(({ seq }) => seq));
        expect(items.length).toBeLessThanOrEqual(2);
        if (next_cursor === null) break;
        query = `limit=2&cursor=${next_cursor}`;
      }
      const head = await world().head();
      expect(all).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    });

    it('show what the log holds of them', async () => {
      const seq = await register('shown');
      const { items, next_cursor, as_of_seq } = await page(`from_seq=${seq}`);
      expect([next_cursor, as_of_seq]).toEqual([null, seq]);
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({
        ...{ seq, type: 'VersionRegistered', event_version: 1, subject: 'evt.model.shown', aggregate_version: 1 },
        ...{ actor: 'local', causation_id: null, data: { model: 'shown', version: '1.0.0' } },
      });
      expect(items[0]!.hash).toMatch(/^[0-9a-f]{64}$/);
    });

    it('can be asked for by type and by aggregate', async () => {
      await register('wanted here');
      await register('wanted here');
      const ofAggregate = await page('aggregate=model%2Fwanted%20here');
      expect(ofAggregate.items.map(({ aggregate_version }) => aggregate_version)).toEqual([1, 2]);
      const ofType = await page('types=ConfigurationApplied,DeploymentRetired&limit=500');
      expect(ofType.items[0]).toMatchObject({ seq: 1, type: 'ConfigurationApplied' });
      expect(new Set(ofType.items.map(({ type }) => type)).has('VersionRegistered')).toBe(false);
    });

    const queries: [string, Refusal][] = [
      ['from_seq=0', { status: 422, code: 'invalid_request', path: 'query.from_seq' }],
      ['types=ModelEaten', { status: 422, code: 'invalid_request', path: 'query.types', says: 'ModelEaten' }],
      ['aggregate=planet%2Fmars', { status: 422, code: 'invalid_request', path: 'query.aggregate' }],
      ['aggregate=model%2Fa%3Eb', { status: 422, code: 'invalid_request', path: 'query.aggregate' }],
      ['cursor=x', { status: 422, code: 'invalid_cursor' }],
    ];
    it.each(queries)('are refused for %s', async (query, refusal) => {
      await expectRefused(world(), () => world().get(`/api/events?${query}`), refusal);
    });

    describe('as a live feed', () => {
      it('tells what is there, then what comes', async () => {
        const first = await register('live 1');
        const feed = await openFeed(world(), `from_seq=${first}`);
        expect(await feed.next()).toMatchObject({ id: String(first), data: { data: { model: 'live 1' } } });
        const second = await register('live 2');
        expect(await feed.next()).toMatchObject({ id: String(second), data: { seq: second } });
        await feed.close();
      });

      it('goes on behind Last-Event-ID, with nothing lost and nothing twice', async () => {
        const first = await register('resumed');
        const seqs = [await register('resumed'), await register('resumed')];
        const feed = await openFeed(world(), '', { 'last-event-id': String(first) });
        for (const seq of seqs) expect(await feed.next()).toMatchObject({ id: String(seq) });
        await feed.close();
      });

      it('tells only what is wanted', async () => {
        const from = (await world().head()) + 1;
        const feed = await openFeed(world(), `from_seq=${from}&aggregate=model%2Fquiet&types=VersionRegistered`);
        await register('loud');
        const wanted = await register('quiet');
        expect(await feed.next()).toMatchObject({ id: String(wanted), data: { subject: 'evt.model.quiet' } });
        await feed.close();
      });

      it('reads a long past in pieces', async () => {
        const head = await world().head();
        const feed = await openFeed(world(), '');
        for (let seq = 1; seq <= head; seq++) expect(await feed.next()).toMatchObject({ id: String(seq) });
        await feed.close();
      });

      it('refuses a place that the log does not have', async () => {
        const headers = { accept: 'text/event-stream' };
        await expectRefused(world(), () => world().request('GET', '/api/events?from_seq=99999', { headers }), {
          ...{ status: 422, code: 'invalid_position' },
        });
        const resumed = { ...headers, 'last-event-id': 'yesterday' };
        await expectRefused(world(), () => world().request('GET', '/api/events', { headers: resumed }), {
          ...{ status: 422, code: 'invalid_request', path: 'header Last-Event-ID' },
        });
      });

      it('ends when the server stops, and goes on after its restart', async () => {
        const first = await register('restarted');
        const feed = await openFeed(world(), `from_seq=${first}`);
        expect(await feed.next()).toMatchObject({ id: String(first) });
        await world().restartApi();
        expect(await feed.next()).toBeUndefined();
        const second = await register('restarted');
        const again = await openFeed(world(), '', { 'last-event-id': String(first) });
        expect(await again.next()).toMatchObject({ id: String(second) });
        await again.close();
      });
    });
  });
}

const openFeed = (world: ApiWorld, query: string, headers: Record<string, string> = {}): Promise<Feed> =>
  openFeedAt(`${world.url}/api/events?${query}`, headers);
