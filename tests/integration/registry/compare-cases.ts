import { describe, expect, it } from '@jest/globals';
import { fixture } from '../api/api-world.js';
import type { RegistryWorld } from './world.js';

export function compareCases(world: () => RegistryWorld): void {
  const artifactOf = (text: string): Promise<string> => world().upload(new TextEncoder().encode(text));

  describe('a comparison', () => {
    it('puts versions of any models side by side, as of any moment', async () => {
      const { anna, register, promote } = world();
      const baseline = { artifact: await artifactOf('age\n1\n2\n3\n'), format: 'csv' };
      await register('side', { metrics: { auc: 0.75 }, hyperparameters: { depth: 3 }, baseline });
      await register('side', {
        ...{ metrics: { auc: 0.875, f1: 0.5 }, hyperparameters: { depth: 4 } },
        baseline: { artifact: await artifactOf('{'), format: 'parquet' },
      });
      const other = await world().upload(fixture('mlp-iris/model.onnx'));
      await register('other', { artifact: other });
      const promoted = await promote('other', '1.0.0', 'production');
      const removed = await anna.put('/api/models/side/aliases/next', { version: '1.1.0' });

      const path = '/api/models/side/compare?versions=1.0.0,next,other@champion';
      const answer = await world().vera.get(`${path}&min_seq=${Number(removed.body.seq)}`);
      expect(answer.status).toBe(200);
      const { size: forest } = { size: fixture('forest-plain/model.onnx').length };
      expect(answer.body).toMatchObject({
        versions: [
          { model_id: 'side', version: '1.0.0', stage: 'development', created_by: 'anna' },
          { model_id: 'side', version: '1.1.0' },
          { model_id: 'other', version: '1.0.0', stage: 'production' },
        ],
        metrics: [
          { metric: 'auc', values: [0.75, 0.875, null], differences: [0, 0.125, null] },
          { metric: 'f1', values: [null, 0.5, null], differences: [null, null, null] },
        ],
        hyperparameters: [{ name: 'depth', values: [3, 4, null], same: false }],
        signatures: { compatible: [true, true, false] },
        sizes: { values: [forest, forest, fixture('mlp-iris/model.onnx').length] },
        latency: [null, null, null],
        baselines: {
          references: [baseline, { format: 'parquet' }, null],
          problems: [null, expect.stringContaining('parquet'), null],
          features: [{ feature: 'age', profiles: [{ rows: 3, numeric: { mean: 2, median: 2 } }, null, null] }],
        },
        as_of_cut: { events: answer.body.as_of_seq, traffic: expect.any(Number) },
      });

      const then = await world().get(`${path}&as_of=seq:${promoted}`);
      expect(then).toMatchObject({ status: 404, body: { code: 'alias_not_found' } });
      const named = await world().get(`/api/models/side/compare?versions=1.0.0,other@1.0.0&as_of=seq:${promoted - 1}`);
      expect(named.body).toMatchObject({ versions: [{}, { stage: 'staging' }], as_of_seq: promoted - 1 });
    });
  });
}
