import { describe, expect, it } from '@jest/globals';
import { goLive } from '../api/deployment-cases.js';
import { expectRefused } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

export function archiveCases(world: () => RegistryWorld): void {
  const archive = (name: string, v: string, headers: Record<string, string> = {}) =>
    world().otto.post(`/api/models/${name}/versions/${v}/archive`, { reason: 'out of use' }, headers);

  describe('an archived version', () => {
    it('is out of use for good, and takes its aliases with it', async () => {
      const { anna, otto, grace, register } = world();
      await register('retiring');
      await register('retiring');
      await anna.put('/api/models/retiring/aliases/old', { version: '1.0.0' });
      const archived = await archive('retiring', 'old');
      expect(archived).toMatchObject({ status: 200, body: { version: '1.0.0', stage: 'development' } });

      const now = await world().get(`/api/models/retiring?min_seq=${Number(archived.body.seq)}`);
      expect(now.body).toMatchObject({ aliases: {}, versions: [{ archived: true, aliases: [] }, { archived: false }] });
      const before = await world().get(`/api/models/retiring?as_of=seq:${Number(archived.body.seq) - 1}`);
      expect(before.body).toMatchObject({ aliases: { old: '1.0.0' }, versions: [{ archived: false }, {}] });

      const refusal = { status: 409, code: 'version_archived' } as const;
      const body = { version: '1.0.0', to: 'staging', reason: 'r' };
      await expectRefused(world(), () => otto.put('/api/models/retiring/promote', body), refusal);
      const approval = { decision: 'approve', reason: 'r' };
      await expectRefused(world(), () => grace.post('/api/models/retiring/versions/1.0.0/approval', approval), refusal);
      await expectRefused(world(), () => anna.put('/api/models/retiring/aliases/old', { version: '1.0.0' }), refusal);
      await expectRefused(world(), () => otto.post('/api/deploy', { deployment: 'd', model: 'retiring@1.0.0' }), {
        ...{ ...refusal, path: 'model' },
      });
      await expectRefused(world(), () => archive('retiring', '1.0.0'), { status: 409, code: 'no_change' });
    });

    it('is neither the champion nor served nor about to be', async () => {
      const { otto, register, promote } = world();
      await register('served');
      await register('served');
      await promote('served', '1.0.0', 'production');
      await expectRefused(world(), () => archive('served', 'champion'), {
        ...{ status: 409, code: 'version_in_use', says: 'champion', path: 'version' },
      });
      const deployed = await otto.post('/api/deploy', { deployment: 'counter', model: 'served@1.1.0' });
      const refusal = { status: 409, code: 'version_in_use', says: 'counter', path: 'version' } as const;
      await expectRefused(world(), () => archive('served', '1.1.0'), refusal);
      await goLive(world(), 'counter', String(deployed.body.rollout_id));
      const refused = await expectRefused(world(), () => archive('served', '1.1.0'), refusal);
      expect(refused.body.as_of_seq).toBe(await world().head());
      await otto.post('/api/deploy/counter/retire', { reason: 'done' });
      expect((await archive('served', '1.1.0')).status).toBe(200);
    });

    it('is deployed by nobody whom archiving could see: it looks at the position that it is appended at', async () => {
      const { otto, register } = world();
      for (let round = 1; round <= 8; round++) await register('contested');
      for (let minor = 0; minor < 8; minor++) {
        const [deployed, archived] = await Promise.all([
          otto.post('/api/deploy', { deployment: `contested-${minor}`, model: `contested@1.${minor}.0` }),
          archive('contested', `1.${minor}.0`),
        ]);
        const outcome = `${deployed.status} ${archived.status}`;
        expect(['202 409', '409 200', '202 200']).toContain(outcome);
        // A deployment decided before and recorded after is for the serving supervisor to refuse.
        if (outcome === '202 200') expect(Number(deployed.body.seq)).toBeGreaterThan(Number(archived.body.seq));
      }
    });
  });
}
