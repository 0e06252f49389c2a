import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { modelBytes, node, tensor, valueInfo } from '#libs/onnx/index.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

const weight = (name: string, rows: number, columns: number) =>
  tensor.float32(
    name,
    [rows, columns],
    Array.from({ length: rows * columns }, (_, at) => Math.sin(at * at) / Math.sqrt(rows)),
  );

/** 16 columns through one wide layer to one value: large enough that 8 bits pay. */
const regressor = modelBytes({
  inputs: [valueInfo('x', 'float32', [null, 16])],
  outputs: [valueInfo('y', 'float32', [null, 1])],
  initializers: [weight('a', 16, 128), weight('b', 128, 1)],
  nodes: [node('MatMul', ['x', 'a'], ['xa']), node('Tanh', ['xa'], ['t']), node('MatMul', ['t', 'b'], ['y'])],
});

export function optimiseCases(world: () => RegistryWorld): void {
  const optimise = (name: string, body: object, headers: Record<string, string> = {}) =>
    world().anna.post(`/api/models/${name}/versions/1.0.0/optimise`, body, headers);

  describe('optimisation', () => {
    it('registers a smaller version with its parent, its sizes and the measured difference', async () => {
      const artifact = await world().upload(regressor);
      const { seq } = await world().register('tight', { artifact, task: 'regression' });
      const key = { 'idempotency-key': 'once' };
      const made = await optimise('tight', { method: 'dynamic_int8', seed: 7 }, key);
      expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
      expect(made.body).toMatchObject({ model_id: 'tight', version: '1.1.0', stage: 'development' });
      const { derivation } = made.body as unknown as { derivation: NonNullable<api.VersionView['derivation']> };
      expect(derivation).toMatchObject({
        ...{ method: 'dynamic_int8', parent: { model: 'tight', version: '1.0.0', artifact } },
        ...{ size_before: regressor.length, outputs: { inputs: { seed: 7 } } },
      });
      expect(derivation.size_after).toBeLessThan(derivation.size_before);
      expect(derivation.outputs.max_abs_difference).toBeGreaterThan(0);

      const stored = await world().get(`/api/artifacts/${String(made.body.artifact)}`);
      expect(Number(stored.headers.get('content-length'))).toBe(derivation.size_after);
      const parent = (await world().get(`/api/models/tight/versions/1.0.0?min_seq=${seq}`)).body;
      const view = (await world().get(`/api/models/tight/versions/1.1.0?min_seq=${Number(made.body.seq)}`)).body;
      expect(view).toMatchObject({
        ...{ derivation, signature: parent.signature, task: 'regression', metrics: {}, created_by: 'anna' },
        lineage: { parent_version: '1.0.0' },
      });
      const graph = await world().get(`/api/models/tight/lineage?version=1.1.0&min_seq=${Number(made.body.seq)}`);
      expect(graph.body.edges as object[]).toContainEqual(
        expect.objectContaining({ from: 'version:tight@1.0.0', to: 'version:tight@1.1.0', type: 'parent_of' }),
      );
      expect((await optimise('tight', { method: 'dynamic_int8', seed: 7 }, key)).body).toEqual(made.body);
    });

    it('gives a repeat its recorded answer, whatever the alias names by then', async () => {
      await world().register('renamed', { artifact: await world().upload(regressor) });
      await world().anna.put('/api/models/renamed/aliases/best', { version: '1.0.0' });
      const again = () =>
        world().anna.post(
          '/api/models/renamed/versions/best/optimise',
          { method: 'dynamic_int8', seed: 7 },
          { 'idempotency-key': 'by alias' },
        );
      const made = await again();
      expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
      await world().anna.put('/api/models/renamed/aliases/best', { version: String(made.body.version) });
      expect((await again()).body).toEqual(made.body);
      await world().anna.delete('/api/models/renamed/aliases/best');
      expect((await again()).body).toEqual(made.body);
    });

    it('is refused before anything is registered when the outputs differ by more than was asked for', async () => {
      const artifact = await world().upload(regressor);
      await world().register('exact', { artifact });
      await expectRefused(world(), () => optimise('exact', { method: 'dynamic_int8', max_abs_difference: 0 }), {
        ...{ status: 422, code: 'tolerance_exceeded', path: 'max_abs_difference', says: 'at most 0' },
      });
      await expectRefused(world(), () => optimise('exact', { method: 'dynamic_int8', min_label_agreement: 1 }), {
        ...{ status: 422, code: 'tolerance_exceeded', path: 'min_label_agreement', says: 'no label' },
      });
    });

    it('measures on rows of a data set, leaving out columns that are no features', async () => {
      const artifact = await world().upload(regressor);
      const { seq } = await world().register('sampled', { artifact });
      const { feature_names } = (await world().get(`/api/models/sampled/versions/1.0.0?min_seq=${seq}`)).body;
      const names = feature_names as string[];
      const row = names.map((_, index) => String(index / 10)).join(',');
      const csv = `${names.join(',')},target\n${row},1\n${row},0\n`;
      const sample = { artifact: await world().upload(new TextEncoder().encode(csv)), format: 'csv' };
      const made = await optimise('sampled', { method: 'dynamic_int8', sample });
      expect({ status: made.status, body: made.body }).toMatchObject({
        status: 201,
        body: { derivation: { outputs: { rows: 2, inputs: { artifact: sample.artifact } } } },
      });

      const broken: [string, string][] = [
        [`${names.slice(1).join(',')}\n`, `a column ${names[0]}`],
        [`${names.join(',')}\n${row.replace('0,', 'x,')}\n`, `row 1, ${names[0]}: expected a finite number`],
        [`${names.join(',')}\n`, 'row'],
      ];
      for (const [content, says] of broken) {
        const wrong = { artifact: await world().upload(new TextEncoder().encode(content)), format: 'csv' };
        await expectRefused(world(), () => optimise('sampled', { method: 'graph', sample: wrong }), {
          ...{ status: 422, code: 'invalid_request', path: 'sample', says },
        });
      }
    });

    const refusals: [string, object, Refusal][] = [
      ['a forest for int8', { method: 'dynamic_int8' }, { status: 422, code: 'nothing_to_optimise' }],
      ['an unknown method', { method: 'magic' }, { status: 422, code: 'invalid_request', path: 'method' }],
      [
        'a sample that is not there',
        { method: 'graph', sample: { artifact: `sha256:${'0'.repeat(64)}`, format: 'csv' } },
        { status: 404, code: 'artifact_not_found', path: 'sample.artifact' },
      ],
    ];
    it.each(refusals)('refuses %s', async (_what, body, refusal) => {
      if ((await world().get('/api/models/wooden')).status !== 200) await world().register('wooden');
      await expectRefused(world(), () => optimise('wooden', body), refusal);
    });

    it('refuses an archived or unknown version', async () => {
      const artifact = await world().upload(regressor);
      await world().register('shelved', { artifact });
      await world().otto.post('/api/models/shelved/versions/1.0.0/archive', { reason: 'r' });
      await expectRefused(world(), () => optimise('shelved', { method: 'dynamic_int8' }), {
        ...{ status: 409, code: 'version_archived' },
      });
      await expectRefused(world(), () => optimise('nobody', { method: 'graph' }), {
        ...{ status: 404, code: 'model_not_found' },
      });
    });
  });
}
