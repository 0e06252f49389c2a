import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { goLive } from '../api/deployment-cases.js';
import { fixture } from '../api/api-world.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

export function lineageCases(world: () => RegistryWorld): void {
  const edgesOf = (body: Record<string, unknown>): string[] =>
    (body as unknown as api.LineageGraph).edges.map(({ from, type, to }) => `${from} ${type} ${to}`);

  describe('lineage', () => {
    it('leads from the data to the deployments and back, from any node, at any moment', async () => {
      const { otto, vera, register } = world();
      const first = await register('line', { lineage: { dataset: 'loans@3', training_job: 'job-7' } });
      const second = await register('line', { lineage: { parent_version: '1.0.0' } });
      const deployed = await otto.post('/api/deploy', { deployment: 'line-1', model: 'line@1.1.0' });
      const live = await goLive(world(), 'line-1', String(deployed.body.rollout_id));

      const upstream = await vera.get(`/api/lineage?node=deployment:line-1&direction=upstream&min_seq=${live}`);
      expect(upstream.status).toBe(200);
      expect(edgesOf(upstream.body)).toEqual(
        expect.arrayContaining([
          ...['dataset:loans@3 trained_on job:job-7', 'job:job-7 produced version:line@1.0.0'],
          ...['version:line@1.0.0 parent_of version:line@1.1.0', 'version:line@1.1.0 served_by deployment:line-1'],
        ]),
      );
      const downstream = await vera.get('/api/lineage?node=dataset:loans%403&direction=downstream');
      expect(edgesOf(downstream.body)).toContain('version:line@1.1.0 served_by deployment:line-1');
      const near = await vera.get('/api/lineage?node=dataset:loans%403&direction=downstream&depth=1');
      expect(near.body).toMatchObject({
        truncated: true,
        nodes: [{ id: 'dataset:loans@3', recorded: false }, { id: 'job:job-7' }],
      });

      const ofModel = await vera.get(`/api/models/line/lineage?as_of=seq:${first.seq}`);
      expect(ofModel.body).toMatchObject({ roots: ['version:line@1.0.0'], as_of_seq: first.seq });
      await world().anna.put('/api/models/line/aliases/new', { version: '1.1.0' });
      const byAlias = await vera.get(
        `/api/models/line/lineage?version=new&direction=upstream&min_seq=${await world().head()}`,
      );
      expect(byAlias.body).toMatchObject({ roots: ['version:line@1.1.0'] });
      expect(second.seq).toBeGreaterThan(first.seq);
    });

    it('is told as OpenLineage runs too', async () => {
      const { seq } = await world().register('runs', { lineage: { dataset: 'rows', training_job: 'nightly' } });
      const answer = await world().get(`/api/models/runs/lineage?format=openlineage&min_seq=${seq}`);
      expect(answer.body).toMatchObject({
        ...{ truncated: false, as_of_seq: expect.any(Number) },
        events: [
          {
            ...{ eventType: 'COMPLETE', job: { name: expect.stringMatching(/\bnightly$/) } },
            inputs: [{ name: expect.stringMatching(/\brows$/) }],
            outputs: [{ name: expect.stringMatching(/\bruns@1\.0\.0$/) }],
          },
        ],
      });
    });

    it('takes no version that descends from itself, however long the way', async () => {
      const { anna, register } = world();
      const artifact = await world().upload(fixture('mlp-iris/model.onnx'));
      const registration = (name: string, version: string | undefined, parent_version: string) => () =>
        anna.post('/api/models', {
          name,
          artifact,
          ...(version === undefined ? {} : { version }),
          lineage: { parent_version },
        });
      const refusal: Refusal = { status: 409, code: 'lineage_cycle', path: 'lineage.parent_version' };
      await expectRefused(world(), registration('egg', '1.0.0', '1.0.0'), refusal);
      await expectRefused(world(), registration('egg', '1.0.0', 'egg@1.0.0'), refusal);

      // What is not registered yet is taken as given, until it would close the circle.
      await register('hen', { artifact, lineage: { parent_version: 'egg@1.0.0' } });
      await register('cock', { artifact, lineage: { parent_version: 'hen@1.0.0' } });
      await expectRefused(world(), registration('egg', '1.0.0', 'cock@1.0.0'), { ...refusal, says: 'egg@1.0.0' });
      // The version that would be chosen is the same one.
      await expectRefused(world(), registration('egg', undefined, 'cock@1.0.0'), refusal);
      expect((await registration('egg', '2.0.0', 'cock@1.0.0')()).status).toBe(201);
    });

    it('lets one of two writers close half a circle, never both', async () => {
      const { anna } = world();
      const artifact = await world().upload(fixture('mlp-iris/model.onnx'));
      for (let round = 0; round < 6; round++) {
        const [left, right] = [`left-${round}`, `right-${round}`];
        const answers = await Promise.all(
          [
            [left, right],
            [right, left],
          ].map(([name, parent]) =>
            anna.post('/api/models', { name, artifact, lineage: { parent_version: `${parent}@1.0.0` } }),
          ),
        );
        expect(answers.map(({ status, body }) => [status, body.code]).sort()).toEqual([
          [201, undefined],
          [409, 'lineage_cycle'],
        ]);
      }
    });

    const reads: [string, Refusal][] = [
      ['/api/lineage?node=version:nobody@1.0.0', { status: 404, code: 'lineage_node_not_found' }],
      ['/api/lineage', { status: 422, code: 'invalid_request', path: 'query.node' }],
      ['/api/lineage?node=planet:earth', { status: 422, code: 'invalid_request', path: 'query.node' }],
      ['/api/lineage?node=dataset:d&depth=51', { status: 422, code: 'invalid_request', path: 'query.depth' }],
      [
        '/api/lineage?node=dataset:d&direction=sideways',
        { status: 422, code: 'invalid_request', path: 'query.direction' },
      ],
      ['/api/models/nobody/lineage', { status: 404, code: 'model_not_found' }],
      ['/api/models/line/lineage?version=9.0.0', { status: 404, code: 'version_not_found' }],
      ['/api/models/line/lineage?version=nobody', { status: 404, code: 'alias_not_found' }],
    ];
    it.each(reads)('refuses %s', async (path, refusal) => {
      await expectRefused(world(), () => world().get(path), refusal);
    });
  });
}
