import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { until } from '#tests/support/wait.js';
import { fixture } from '../api/api-world.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { Client, RegistryWorld } from './world.js';

export function decisionCases(world: () => RegistryWorld): void {
  const versionOf = async (name: string, v: string, moment = ''): Promise<api.VersionView & { model_id: string }> => {
    const answer = await world().vera.get(`/api/models/${name}/versions/${v}${moment}`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body as unknown as api.VersionView & { model_id: string };
  };
  const at = (seq: unknown): string => `?as_of=seq:${Number(seq)}`;

  describe('a promotion', () => {
    it('needs what the policy says, by the people it says, and tells who decided what on which evidence', async () => {
      const { anna, grace, otto, register } = world();
      const { version } = await register('loans', { metrics: { auc: 0.9 } });
      const path = '/api/models/loans';
      const asked = await anna.post(`${path}/versions/${version}/approval`, {
        ...{ decision: 'request', to: 'production', reason: 'better than the rules' },
      });
      expect(asked).toMatchObject({ status: 201, body: { decision: 'request', to: 'production', expires_at: null } });

      const early = await expectRefused(
        world(),
        () => otto.put(`${path}/promote`, { version, to: 'staging', reason: 'r' }),
        { status: 409, code: 'policy_not_met', path: 'policy.staging.evidence.evaluation_on' },
      );
      expect(early.body.as_of_seq).toBe(asked.body.seq);
      const evaluation = { dataset: 'validation', metrics: { auc: 0.88 } };
      const evaluated = await anna.post(`${path}/versions/${version}/evaluations`, evaluation);
      const staged = await otto.put(`${path}/promote`, { version, to: 'staging', reason: 'tried' });
      expect(staged).toMatchObject({
        status: 200,
        body: { model_id: 'loans', version, stage: 'staging', champion: null, demoted: null, followers: [] },
      });

      await expectRefused(world(), () => otto.put(`${path}/promote`, { version, to: 'production', reason: 'r' }), {
        ...{ status: 409, code: 'policy_not_met', path: 'policy.production.approvals', says: 'found 0' },
      });
      const approved = await grace.post(`${path}/versions/${version}/approval`, { decision: 'approve', reason: 'ok' });
      expect(approved).toMatchObject({ status: 201, body: { decision: 'approve', to: 'production', version } });
      expect(Date.parse(String(approved.body.expires_at))).toBeGreaterThan(Date.now());
      const promoted = await otto.put(`${path}/promote`, {
        version,
        to: 'production',
        reason: 'go',
        if_champion: null,
      });
      expect(promoted).toMatchObject({ status: 200, body: { stage: 'production', champion: version, followers: [] } });

      const view = await versionOf('loans', 'champion', `?min_seq=${Number(promoted.body.seq)}`);
      expect(view).toMatchObject({ model_id: 'loans', version, stage: 'production', archived: false });
      expect(view.requests).toMatchObject([{ to: 'production', actor: 'anna', reason: 'better than the rules' }]);
      expect(view.approvals).toMatchObject([{ to: 'production', actor: 'grace', decision: 'approve', reason: 'ok' }]);

      const history = await world().vera.get(`${path}/history?type=VersionPromoted&version=${version}`);
      expect(history.body.items).toMatchObject([
        { seq: staged.body.seq, actor: 'otto', reason: 'tried', details: { to: 'staging' } },
        {
          ...{ seq: promoted.body.seq, event_id: promoted.body.event_id, actor: 'otto', reason: 'go', config_seq: 1 },
          details: { to: 'production' },
          evidence: {
            metrics: { auc: 0.9 },
            evaluations: [{ seq: evaluated.body.seq, dataset: 'validation', metrics: { auc: 0.88 } }],
            champion: null,
            approvals: [{ seq: approved.body.seq, actor: 'grace' }],
          },
        },
      ]);
    });

    it('demotes the former champion by the same event, and goes back by one command', async () => {
      const { otto, register, promote } = world();
      for (const _version of [1, 2, 3]) await register('swap');
      const first = await promote('swap', '1.0.0', 'production');
      const second = await promote('swap', '1.1.0', 'production');
      const third = await promote('swap', '1.2.0', 'production');
      expect((await versionOf('swap', 'champion', at(first))).version).toBe('1.0.0');
      expect((await versionOf('swap', '1.0.0', at(second))).stage).toBe('staging');
      expect((await versionOf('swap', 'champion', at(third))).version).toBe('1.2.0');

      const back = await otto.post('/api/models/swap/rollback', { reason: 'slow' });
      expect(back).toMatchObject({ status: 200, body: { champion: '1.1.0', former: '1.2.0', followers: [] } });
      const named = await otto.post('/api/models/swap/rollback', { to: '1.0.0', reason: 'slower' });
      expect(named).toMatchObject({ status: 200, body: { champion: '1.0.0', former: '1.1.0' } });
      expect((await versionOf('swap', 'champion', at(named.body.seq))).version).toBe('1.0.0');
      expect((await versionOf('swap', 'champion', at(back.body.seq))).version).toBe('1.1.0');
      await expectRefused(world(), () => otto.post('/api/models/swap/rollback', { reason: 'r' }), {
        ...{ status: 409, code: 'nothing_to_roll_back' },
      });
      // What lay above the version returned to is promoted again, not rolled back to.
      await expectRefused(world(), () => otto.post('/api/models/swap/rollback', { to: '1.2.0', reason: 'r' }), {
        ...{ status: 409, code: 'nothing_to_roll_back', path: 'to' },
      });
    });

    it('is refused by if_champion when another one is champion by now, naming it', async () => {
      const { otto, register, promote, anna, grace } = world();
      await register('seen');
      await register('seen');
      await promote('seen', '1.0.0', 'production');
      await promote('seen', '1.1.0', 'staging');
      await anna.post('/api/models/seen/versions/1.1.0/approval', { decision: 'request', reason: 'r' });
      await grace.post('/api/models/seen/versions/1.1.0/approval', { decision: 'approve', reason: 'r' });
      const body = { version: '1.1.0', to: 'production', reason: 'r' };
      for (const if_champion of [null, '1.1.0', '9.9.9'])
        await expectRefused(world(), () => otto.put('/api/models/seen/promote', { ...body, if_champion }), {
          ...{ status: 409, code: 'champion_moved', path: 'if_champion', says: 'is 1.0.0' },
        });
      const answer = await otto.put('/api/models/seen/promote', { ...body, if_champion: '1.0.0' });
      expect(answer).toMatchObject({ status: 200, body: { champion: '1.1.0', demoted: '1.0.0' } });
    });

    it('rests on no approval that expires between its check and its append', async () => {
      const { anna, grace, otto, register, promote } = world();
      await register('brief');
      await promote('brief', '1.0.0', 'staging');
      const approval = '/api/models/brief/versions/1.0.0/approval';
      const approved = await grace.post(approval, { decision: 'approve', reason: 'r' });
      const expiresAt = Date.parse(String(approved.body.expires_at));
      // From here on it could expire on the way to the log, though it has not yet.
      await until(() => Date.now() >= expiresAt - 10_000, { what: 'the approval to come near its end' });
      const body = { version: '1.0.0', to: 'production', reason: 'r' };
      const [checked, refused] = [
        await versionOf('brief', '1.0.0'),
        await expectRefused(world(), () => otto.put('/api/models/brief/promote', body), {
          ...{ status: 409, code: 'policy_not_met', path: 'policy.production.approvals', says: /grace has expired/ },
        }),
      ];
      expect(checked.approvals).toMatchObject([{ actor: 'grace', expires_at: approved.body.expires_at }]);
      expect(refused.body.as_of_seq).toBe(approved.body.seq);
      // It can be given again, and then counts.
      expect((await grace.post(approval, { decision: 'approve', reason: 'again' })).status).toBe(201);
      expect((await anna.put('/api/models/brief/promote', body)).status).toBe(403);
      expect((await otto.put('/api/models/brief/promote', body)).status).toBe(200);
    });

    it('has one winner among writers who saw the same champion, and one champion at every sequence', async () => {
      const { otto, register, promote, grace } = world();
      const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'];
      for (const _version of versions) await register('race');
      await promote('race', '1.0.0', 'production');
      for (const version of versions.slice(1)) await promote('race', version, 'staging');
      for (const version of versions.slice(1))
        await grace.post(`/api/models/race/versions/${version}/approval`, { decision: 'approve', reason: 'r' });
      const answers = await Promise.all(
        versions
          .slice(1)
          .map((version) =>
            otto.put('/api/models/race/promote', { version, to: 'production', reason: 'r', if_champion: '1.0.0' }),
          ),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      for (const { status, body } of answers)
        if (status !== 200) {
          expect(body).toMatchObject({ code: 'champion_moved', as_of_seq: won[0]!.body.seq });
          expect(body.detail).toContain(String(won[0]!.body.version));
        }
    });
  });

  describe('an approval', () => {
    const approve = (client: Client, name: string, body: object = {}) =>
      client.post(`/api/models/${name}/versions/1.0.0/approval`, { decision: 'approve', reason: 'r', ...body });

    it("is not given to what is one's own, nor by who may not give it", async () => {
      const { anna, ben, grace, otto, vera, register, promote } = world();
      await register('own');
      await promote('own', '1.0.0', 'staging');
      // Two roles in one person: may approve, but not this.
      const both = await world().post('/api/models', {
        name: 'own too',
        artifact: await world().upload(fixture('forest-plain/model.onnx')),
      });
      expect(both.status).toBe(201);
      await expectRefused(
        world(),
        () =>
          world().post('/api/models/own%20too/versions/1.0.0/approval', {
            decision: 'approve',
            reason: 'r',
          }),
        { status: 409, code: 'own_request', says: 'root registered' },
      );
      for (const client of [anna, ben, otto, vera])
        await expectRefused(world(), () => approve(client, 'own'), { status: 403, code: 'forbidden', says: 'approve' });
      await expectRefused(world(), () => approve(grace, 'own', { decision: 'request' }), {
        ...{ status: 403, code: 'forbidden', says: 'register' },
      });
      expect((await approve(grace, 'own')).status).toBe(201);
      await expectRefused(world(), () => approve(grace, 'own'), { status: 409, code: 'no_change' });
    });

    it('withdraws the rejection of the same actor, and of no other', async () => {
      const { grace, hugo, otto, register, promote } = world();
      await register('doubted');
      await promote('doubted', '1.0.0', 'staging');
      expect((await approve(grace, 'doubted')).status).toBe(201);
      expect((await approve(hugo, 'doubted', { decision: 'reject', reason: 'leaks' })).status).toBe(201);
      const promotion = () =>
        otto.put('/api/models/doubted/promote', { version: '1.0.0', to: 'production', reason: 'r' });
      await expectRefused(world(), promotion, { status: 409, code: 'version_rejected', says: 'hugo' });
      expect((await approve(hugo, 'doubted')).status).toBe(201);
      expect((await promotion()).status).toBe(200);
    });
  });

  describe('aliases', () => {
    it('move, end and are told as of any moment', async () => {
      const { anna, register } = world();
      await register('named');
      await register('named');
      const path = '/api/models/named/aliases/shadow';
      const set = await anna.put(path, { version: '1.0.0' });
      expect(set).toMatchObject({ status: 200, body: { model_id: 'named', alias: 'shadow', version: '1.0.0' } });
      await expectRefused(world(), () => anna.put(path, { version: '1.0.0' }), { status: 409, code: 'no_change' });
      const moved = await anna.put(path, { version: '1.1.0' });
      const removed = await anna.delete(path);
      expect(removed).toMatchObject({ status: 200, body: { alias: 'shadow', version: null } });
      await expectRefused(world(), () => anna.delete(path), { status: 404, code: 'alias_not_found', path: 'alias' });

      expect((await versionOf('named', 'shadow', at(set.body.seq))).version).toBe('1.0.0');
      expect((await versionOf('named', 'shadow', at(moved.body.seq))).version).toBe('1.1.0');
      const gone = await world().get(`/api/models/named/versions/shadow?min_seq=${Number(removed.body.seq)}`);
      expect(gone).toMatchObject({ status: 404, body: { code: 'alias_not_found' } });
      const history = await world().get('/api/models/named/history?alias=shadow');
      expect((history.body.items as api.DecisionView[]).map(({ type }) => type)).toEqual([
        ...['AliasSet', 'AliasSet', 'AliasRemoved'],
      ]);
    });

    it('leave champion to promotion and rollback', async () => {
      const { anna, register } = world();
      await register('reserved');
      const path = '/api/models/reserved/aliases/champion';
      const refusal: Refusal = { status: 409, code: 'alias_reserved', path: 'alias' };
      await expectRefused(world(), () => anna.put(path, { version: '1.0.0' }), refusal);
      await expectRefused(world(), () => anna.delete(path), refusal);
    });
  });

  describe('what is large', () => {
    it('stands in no way of a rollback, however much was evaluated', async () => {
      const { anna, otto, register, promote } = world();
      await register('weighty');
      await register('weighty');
      const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`metric${index}`, index]));
      for (const dataset of ['z0', 'z1', 'z2']) {
        const path = '/api/models/weighty/versions/1.0.0/evaluations';
        expect((await anna.post(path, { dataset, metrics: wide })).status).toBe(201);
      }
      await promote('weighty', '1.0.0', 'production');
      await promote('weighty', '1.1.0', 'production');
      const back = await otto.post('/api/models/weighty/rollback', { reason: 'incident' });
      expect(back).toMatchObject({ status: 200, body: { champion: '1.0.0', former: '1.1.0' } });
    });

    it('is refused by its name where one event cannot hold it', async () => {
      const { anna, register } = world();
      await register('labelled');
      const tags = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`t${index}`, 'x'.repeat(900)]));
      await expectRefused(world(), () => anna.post('/api/models/labelled/versions/1.0.0/tags', { tags }), {
        ...{ status: 422, code: 'invalid_request', path: 'tags' },
      });
    });
  });

  describe('tags and the description', () => {
    it('are set and removed; what is left out stays', async () => {
      const { anna, register } = world();
      await register('tagged', { tags: { team: 'risk', tier: '1' }, description: 'first' });
      const path = '/api/models/tagged/versions/1.0.0/tags';
      const changed = await anna.post(path, { tags: { tier: null, owner: 'anna' } });
      expect(changed).toMatchObject({ status: 200, body: { version: '1.0.0', stage: 'development' } });
      const view = await versionOf('tagged', '1.0.0', at(changed.body.seq));
      expect(view).toMatchObject({ tags: { team: 'risk', owner: 'anna' }, description: 'first' });
      expect(Object.keys(view.tags)).toHaveLength(2);
      await expectRefused(world(), () => anna.post(path, { tags: { owner: 'anna' } }), {
        ...{ status: 409, code: 'no_change' },
      });
      await expectRefused(world(), () => anna.post(path, {}), { status: 422, code: 'invalid_request' });
    });
  });
}
