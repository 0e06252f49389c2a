import { describe, expect, it } from '@jest/globals';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

export function badInputCases(world: () => RegistryWorld): void {
  describe('bad input', () => {
    const ready = async (): Promise<void> => {
      if ((await world().get('/api/models/plain')).status !== 200) await world().register('plain');
    };

    const promotions: [string, string, object, Refusal][] = [
      ['an unknown model', 'nobody', {}, { status: 404, code: 'model_not_found', path: 'model_id' }],
      [
        'an unknown version',
        'plain',
        { version: '9.0.0' },
        { status: 404, code: 'version_not_found', path: 'version' },
      ],
      ['an unknown alias', 'plain', { version: 'ghost' }, { status: 404, code: 'alias_not_found', path: 'version' }],
      [
        'the champion of none',
        'plain',
        { version: 'champion' },
        { status: 404, code: 'alias_not_found', path: 'version' },
      ],
      ['a stage too far', 'plain', { to: 'production' }, { status: 409, code: 'stage_order', path: 'to' }],
      ['a stage that is none', 'plain', { to: 'moon' }, { status: 422, code: 'invalid_request', path: 'to' }],
      ['no reason', 'plain', { reason: undefined }, { status: 422, code: 'invalid_request', path: 'reason' }],
      ['an empty reason', 'plain', { reason: '' }, { status: 422, code: 'invalid_request', path: 'reason' }],
      ['an unknown field', 'plain', { force: true }, { status: 422, code: 'invalid_request', path: 'force' }],
      ['no version at all', 'plain', { version: '1.0' }, { status: 422, code: 'invalid_request', path: 'version' }],
    ];
    it.each(promotions)('refuses to promote %s', async (_what, name, change, refusal) => {
      await ready();
      const body = { version: '1.0.0', to: 'staging', reason: 'r', ...change };
      await expectRefused(world(), () => world().otto.put(`/api/models/${name}/promote`, body), refusal);
    });

    const rollbacks: [string, string, object, Refusal][] = [
      ['an unknown model', 'nobody', {}, { status: 404, code: 'model_not_found', path: 'model_id' }],
      ['without a champion', 'plain', {}, { status: 409, code: 'nothing_to_roll_back' }],
    ];
    it.each(rollbacks)('refuses to roll back %s', async (_what, name, change, refusal) => {
      await ready();
      const path = `/api/models/${name}/rollback`;
      await expectRefused(world(), () => world().otto.post(path, { reason: 'r', ...change }), refusal);
    });

    it('refuses to roll back where nothing was before, and to what is archived or rejected', async () => {
      const { otto, grace, register, promote } = world();
      for (const _version of [1, 2, 3]) await register('steps');
      await promote('steps', '1.0.0', 'production');
      const rollBack = (body: object) => () => otto.post('/api/models/steps/rollback', { reason: 'r', ...body });
      await expectRefused(world(), rollBack({}), { status: 409, code: 'nothing_to_roll_back', says: 'first champion' });
      await expectRefused(world(), rollBack({ to: 'champion' }), { status: 409, code: 'no_change' });
      await promote('steps', '1.1.0', 'production');
      await promote('steps', '1.2.0', 'production');
      await otto.post('/api/models/steps/versions/1.0.0/archive', { reason: 'r' });
      await grace.post('/api/models/steps/versions/1.1.0/approval', {
        ...{ decision: 'reject', to: 'production', reason: 'wrong' },
      });
      await expectRefused(world(), rollBack({ to: '1.0.0' }), { status: 409, code: 'version_archived', path: 'to' });
      await expectRefused(world(), rollBack({ to: '1.1.0' }), { status: 409, code: 'version_rejected', path: 'to' });
      await expectRefused(world(), rollBack({}), {
        status: 409,
        code: 'nothing_to_roll_back',
        says: /archived or rejected/,
      });
    });

    const role: [string, 'vera' | 'anna' | 'grace' | 'otto', 'post' | 'put' | 'delete', string, string][] = [
      ['a viewer to tag', 'vera', 'post', 'versions/1.0.0/tags', 'register'],
      ['a scientist to promote', 'anna', 'put', 'promote', 'promote'],
      ['a scientist to archive', 'anna', 'post', 'versions/1.0.0/archive', 'promote'],
      ['an approver to roll back', 'grace', 'post', 'rollback', 'promote'],
      ['an approver to evaluate', 'grace', 'post', 'versions/1.0.0/evaluations', 'register'],
      ['an operator to move an alias', 'otto', 'put', 'aliases/a', 'register'],
      ['an operator to remove an alias', 'otto', 'delete', 'aliases/a', 'register'],
      ['an operator to optimise', 'otto', 'post', 'versions/1.0.0/optimise', 'register'],
    ];
    it.each(role)('does not allow %s', async (_what, actor, method, path, permission) => {
      const client = world()[actor];
      const address = `/api/models/plain/${path}`;
      const call = () => (method === 'delete' ? client.delete(address) : client[method](address, {}));
      await expectRefused(world(), call, { status: 403, code: 'forbidden', says: `permission ${permission}` });
    });

    const filters: [string, string, string][] = [
      ['filter', 'metrics.auc > "high"', 'at character 15: expected a number'],
      ['filter', 'metrics.auc >', 'at character 14: expected'],
      ['filter', 'stage = "moon"', 'at character 9: expected one of'],
      ['filter', 'stage = "staging" stage', 'at character 19: expected and, or, or the end'],
      ['filter', '(name = "a"', 'expected and, or, or )'],
      ['filter', 'colour = 1', 'at character 1: expected a field'],
      ['order_by', 'colour', 'at character 1'],
    ];
    it.each(filters)('refuses %s=%s, telling the place and what was expected', async (name, text, says) => {
      for (const list of ['models', 'versions']) {
        const answer = await expectRefused(
          world(),
          () => world().get(`/api/${list}?${name}=${encodeURIComponent(text)}`),
          { status: 422, code: name === 'filter' ? 'invalid_filter' : 'invalid_order', path: name },
        );
        expect((answer.body.errors as { message: string }[])[0]!.message).toContain(says);
      }
    });

    const reads = [
      ...['models', 'models/plain', 'models/plain/versions/1.0.0', 'models/plain/history', 'versions'],
      ...['models/plain/compare?versions=1.0.0,1.0.0', 'models/plain/lineage', 'lineage?node=version:plain@1.0.0'],
      'deploy/status',
    ];
    it.each(reads)('refuses a moment of /api/%s that has not come, or that was before the log', async (path) => {
      await ready();
      const separator = path.includes('?') ? '&' : '?';
      for (const moment of ['2999-01-01T00:00:00Z', 'seq:99999999', '2000-01-01T00:00:00Z'])
        await expectRefused(world(), () => world().get(`/api/${path}${separator}as_of=${moment}`), {
          ...{ status: 422, code: 'invalid_position', path: 'as_of' },
        });
      await expectRefused(world(), () => world().get(`/api/${path}${separator}as_of=yesterday`), {
        ...{ status: 422, code: 'invalid_request', path: 'query.as_of' },
      });
    });

    const compared: [string, Refusal][] = [
      ['versions=1.0.0', { status: 422, code: 'invalid_request', path: 'query.versions', says: '2 to 20' }],
      ['', { status: 422, code: 'invalid_request', path: 'query.versions' }],
      [
        `versions=${Array(21).fill('1.0.0').join(',')}`,
        { status: 422, code: 'invalid_request', path: 'query.versions' },
      ],
      ['versions=1.0.0,1.0', { status: 422, code: 'invalid_request', path: 'query.versions', says: "'1.0'" }],
      ['versions=1.0.0,a@b@c', { status: 422, code: 'invalid_request', path: 'query.versions' }],
      ['versions=1.0.0,9.0.0', { status: 404, code: 'version_not_found' }],
      ['versions=1.0.0,nobody@champion', { status: 404, code: 'model_not_found' }],
    ];
    it.each(compared)('refuses to compare %s', async (query, refusal) => {
      await ready();
      await expectRefused(world(), () => world().get(`/api/models/plain/compare?${query}`), refusal);
    });
  });
}
