import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../api/api-world.js';
import { expectRefused } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

type Send = (world: RegistryWorld, key: Record<string, string>, reason: string) => Promise<Answer>;

export function idempotencyCases(world: () => RegistryWorld): void {
  describe('an Idempotency-Key', () => {
    /** Each command twice, with something between that would make the second another one. */
    const commands: [string, Send, Send][] = [
      [
        'tags',
        ({ anna }, key, reason) => anna.post('/api/models/twice/versions/1.0.0/tags', { description: reason }, key),
        ({ anna }) => anna.post('/api/models/twice/versions/1.0.0/tags', { description: 'other' }),
      ],
      [
        'evaluations',
        ({ anna }, key, reason) =>
          anna.post(
            '/api/models/twice/versions/1.0.0/evaluations',
            { dataset: 'validation', metrics: { auc: 0.5 }, notes: reason },
            key,
          ),
        ({ anna }) =>
          anna.post('/api/models/twice/versions/1.0.0/evaluations', { dataset: 'validation', metrics: { auc: 0.6 } }),
      ],
      [
        'a request',
        ({ anna }, key, reason) =>
          anna.post(
            '/api/models/twice/versions/1.0.0/approval',
            { decision: 'request', to: 'production', reason },
            key,
          ),
        ({ anna }) => anna.put('/api/models/twice/aliases/now', { version: '1.1.0' }),
      ],
      [
        'an alias',
        ({ anna }, key, reason) =>
          anna.put('/api/models/twice/aliases/pinned', { version: reason === 'r' ? '1.0.0' : '1.1.0' }, key),
        ({ anna }) => anna.put('/api/models/twice/aliases/pinned', { version: '1.1.0' }),
      ],
      [
        'a promotion to staging',
        ({ otto }, key, reason) =>
          otto.put('/api/models/twice/promote', { version: '1.0.0', to: 'staging', reason }, key),
        ({ otto, anna }) =>
          anna
            .post('/api/models/twice/versions/1.1.0/evaluations', { dataset: 'validation', metrics: {} })
            .then(() => otto.put('/api/models/twice/promote', { version: '1.1.0', to: 'staging', reason: 'r' })),
      ],
      [
        'an approval',
        ({ grace }, key, reason) =>
          grace.post('/api/models/twice/versions/1.0.0/approval', { decision: 'approve', reason }, key),
        ({ grace }) => grace.post('/api/models/twice/versions/1.1.0/approval', { decision: 'approve', reason: 'r' }),
      ],
      [
        'a promotion to production',
        ({ otto }, key, reason) =>
          otto.put('/api/models/twice/promote', { version: '1.0.0', to: 'production', reason }, key),
        ({ otto }) => otto.put('/api/models/twice/promote', { version: '1.1.0', to: 'production', reason: 'r' }),
      ],
      [
        'a rollback',
        ({ otto }, key, reason) => otto.post('/api/models/twice/rollback', { reason }, key),
        ({ anna }) => anna.delete('/api/models/twice/aliases/now'),
      ],
      [
        'an archiving',
        ({ otto }, key, reason) => otto.post('/api/models/twice/versions/1.2.0/archive', { reason }, key),
        ({ anna }) => anna.post('/api/models/twice/versions/1.2.0/tags', { description: 'gone' }),
      ],
    ];

    it('makes each command one event, answered again as the first time, and takes no other body', async () => {
      for (const _version of [1, 2, 3]) await world().register('twice');
      for (const [what, send, between] of commands) {
        const key = { 'idempotency-key': `key of ${what}` };
        const first = await send(world(), key, 'r');
        expect({ what, text: first.text, ok: first.status < 300 }).toMatchObject({ what, ok: true });
        const changed = await between(world(), {}, 'r');
        expect({ what, text: changed.text, ok: changed.status < 300 }).toMatchObject({ what, ok: true });
        const head = await world().head();
        const again = await send(world(), key, 'r');
        expect({ what, status: again.status, body: again.body }).toEqual({
          what,
          status: first.status,
          body: first.body,
        });
        expect(await world().head()).toBe(head);
        await expectRefused(world(), () => send(world(), key, 'another reason'), {
          ...{ status: 409, code: 'idempotency_conflict', path: 'header Idempotency-Key' },
        });
      }
    });

    it('makes the removal of an alias one event', async () => {
      const { anna, register } = world();
      await register('unnamed');
      await anna.put('/api/models/unnamed/aliases/a', { version: '1.0.0' });
      const key = { 'idempotency-key': 'once' };
      const first = await anna.delete('/api/models/unnamed/aliases/a', key);
      expect(first.status).toBe(200);
      await anna.put('/api/models/unnamed/aliases/a', { version: '1.0.0' });
      const again = await anna.delete('/api/models/unnamed/aliases/a', key);
      expect(again.body).toEqual(first.body);
      const standing = await world().get(`/api/models/unnamed/versions/a?min_seq=${await world().head()}`);
      expect(standing.status).toBe(200);
    });

    it('makes registrations that rest on a guard one event, whatever was said of their parents meanwhile', async () => {
      const { anna, register } = world();
      const { seq } = await register('kid');
      const { artifact } = (await world().get(`/api/models/kid/versions/1.0.0?min_seq=${seq}`)).body;
      const body = { name: 'kid', artifact, lineage: { parent_version: 'stork@1.0.0' } };
      const key = { 'idempotency-key': 'guarded' };
      const first = await anna.post('/api/models', body, key);
      expect(first).toMatchObject({ status: 201, body: { version: '1.1.0' } });
      // The next version of kid is above stork now: a new registration would close a circle, a repeat does not.
      await register('stork', { version: '1.0.0', lineage: { parent_version: 'kid@1.2.0' } });
      await expectRefused(world(), () => anna.post('/api/models', body), { status: 409, code: 'lineage_cycle' });
      expect((await anna.post('/api/models', body, key)).body).toEqual(first.body);
    });
  });
}
