import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { fixture, type ApiWorld } from './api-world.js';
import { expectRefused, type Refusal } from './refusals.js';

export function modelCases(world: () => ApiWorld): void {
  describe('models', () => {
    const register = (body: object, headers: Record<string, string> = {}) => world().post('/api/models', body, headers);
    const forest = () => world().upload(fixture('forest-plain/model.onnx'));
    const model = async (name: string, seq: unknown) =>
      (await world().get(`/api/models/${encodeURIComponent(name)}?min_seq=${Number(seq)}`))
        .body as unknown as api.ModelView;

    it('registers a model with what the graph says of itself, and tells it back', async () => {
      const artifact = await forest();
      const lineage = { source: 'notebook 7' };
      const baseline = { artifact: await world().upload(new TextEncoder().encode('a,b\n1,2\n')), format: 'csv' };
      const answer = await register({
        ...{ name: 'wine quality.v2', artifact, description: 'd', task: 'classification', metrics: { auc: 0.9 } },
        ...{ tags: { team: 'risk' }, lineage, baseline },
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ model_id: 'wine quality.v2', version: '1.0.0', stage: 'development' });
      expect(answer.body.seq).toBe(await world().head());

      const view = await model('wine quality.v2', answer.body.seq);
      expect(view).toMatchObject({ model_id: 'wine quality.v2', champion: null, aliases: {} });
      expect(view.as_of_seq).toBeGreaterThanOrEqual(Number(answer.body.seq));
      expect(view.versions).toHaveLength(1);
      expect(view.versions[0]).toMatchObject({
        ...{ version: '1.0.0', artifact, size: fixture('forest-plain/model.onnx').length, description: 'd' },
        ...{ metrics: { auc: 0.9 }, tags: { team: 'risk' }, lineage, baseline, created_by: 'local' },
        ...{ event_id: answer.body.event_id, seq: answer.body.seq },
        signature: { classes: [0, 1, 2], inputs: [{ name: 'X', type: 'float32', shape: [null, 13] }] },
      });
      expect(view.versions[0]!.feature_names).toHaveLength(13);
    });

    it('chooses the next version by the signature, and keeps the order of registration', async () => {
      const [artifact, other] = [await forest(), await world().upload(fixture('boosting-regressor/model.onnx'))];
      const versions: unknown[] = [];
      for (const body of [{ artifact }, { artifact }, { artifact: other }, { artifact, version: '1.7.0' }]) {
        const answer = await register({ name: 'versions', ...body });
        versions.push(answer.body.version);
        if (versions.length === 4) {
          const view = await model('versions', answer.body.seq);
          expect(view.versions.map(({ version }) => version)).toEqual(versions);
        }
      }
      expect(versions).toEqual(['1.0.0', '1.1.0', '2.0.0', '1.7.0']);
    });

    it('registers models whose graphs need more than one look', async () => {
      for (const name of ['forest-zipmap', 'mixed-pipeline']) {
        const artifact = await world().upload(fixture(`${name}/model.onnx`));
        const answer = await register({ name: `kind-${name}`, artifact });
        expect({ name, status: answer.status, detail: answer.body.detail }).toEqual({ name, status: 201 });
      }
    });

    it('takes names and nullability of features, and holds a declared signature against the graph', async () => {
      const artifact = await world().upload(fixture('hist-missing/model.onnx'));
      const known = await register({ name: 'declared', artifact });
      const { signature } = (await model('declared', known.body.seq)).versions[0]!;
      const feature_names = signature.features.map((_, index) => `column ${index}`);
      const named = { name: 'declared', artifact, feature_names, nullable: ['column 0'] };
      const answer = await register(named);
      expect(answer.body).toMatchObject({ version: '2.0.0' });
      const features = (await model('declared', answer.body.seq)).versions[1]!.signature.features;
      expect(features[0]).toMatchObject({ name: 'column 0', nullable: true });
      expect(features[1]).toMatchObject({ name: 'column 1', nullable: false });

      expect((await register({ name: 'declared', artifact, signature })).status).toBe(201);
      const wrong = { ...signature, inputs: [{ ...signature.inputs[0]!, type: 'int64' }] };
      await expectRefused(world(), () => register({ name: 'declared', artifact, signature: wrong }), {
        ...{ status: 422, code: 'signature_mismatch', path: 'signature.inputs[0].type' },
      });
      await expectRefused(world(), () => register({ ...named, feature_names: ['one'] }), {
        ...{ status: 422, code: 'signature_mismatch' },
      });
      await expectRefused(world(), () => register({ ...named, nullable: ['column 999'] }), {
        ...{ status: 422, code: 'signature_mismatch', says: 'column 999' },
      });
    });

    it('refuses what one event cannot hold, naming what takes the room', async () => {
      const tags = Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`tag ${index}`, 'x'.repeat(1_000)]));
      const artifact = await forest();
      await expectRefused(world(), () => register({ name: 'large', artifact, tags }), {
        ...{ status: 422, code: 'invalid_request', path: 'tags', says: /one event/ },
      });
    });

    it('refuses text that cannot be recorded', async () => {
      await expectRefused(
        world(),
        () => register({ name: 'm', artifact: `sha256:${'0'.repeat(64)}`, description: 'a\ud800' }),
        {
          ...{ status: 422, code: 'invalid_request', path: 'description' },
        },
      );
    });

    describe('as multipart/form-data', () => {
      it('needs a boundary', async () => {
        const headers = { 'content-type': 'multipart/form-data' };
        await expectRefused(world(), () => world().request('POST', '/api/models', { body: 'x', headers }), {
          ...{ status: 400, code: 'malformed_body', path: 'header Content-Type' },
        });
      });

      it('does not quote a meta part that is not JSON', async () => {
        const form = new FormData();
        form.append('meta', '{"password": hunter2}');
        const answer = await expectRefused(world(), () => send(form), {
          ...{ status: 400, code: 'malformed_json', path: 'meta', says: 'line 1, column 14' },
        });
        expect(answer.text).not.toContain('hunter2');
      });

      const send = (form: FormData, headers: Record<string, string> = {}) =>
        world().request('POST', '/api/models', { body: form, headers });
      const file = (): Blob => new Blob([new Uint8Array(fixture('mlp-iris/model.onnx'))]);

      it('stores and registers in one call, in either order of the parts', async () => {
        const [first, second] = [new FormData(), new FormData()];
        first.append('artifact', file(), 'model.onnx');
        first.append('meta', JSON.stringify({ name: 'multipart' }));
        second.append('meta', JSON.stringify({ name: 'multipart', metrics: { f1: 1 } }));
        second.append('artifact', file(), 'model.onnx');
        expect((await send(first)).body).toMatchObject({ model_id: 'multipart', version: '1.0.0' });
        expect((await send(second)).body).toMatchObject({ model_id: 'multipart', version: '1.1.0' });
      });

      it('answers a repeat with the same Idempotency-Key as the first time', async () => {
        const form = (): FormData => {
          const parts = new FormData();
          parts.append('meta', JSON.stringify({ name: 'multipart-once' }));
          parts.append('artifact', file(), 'model.onnx');
          return parts;
        };
        const key = { 'idempotency-key': 'upload-1' };
        const first = await send(form(), key);
        expect(first.status).toBe(201);
        expect((await send(form(), key)).body).toEqual(first.body);
      });

      const parts: [string, (form: FormData) => void, Refusal][] = [
        [
          'no file',
          (form) => {
            form.append('meta', '{"name":"m"}');
          },
          { status: 422, code: 'invalid_request', path: 'artifact' },
        ],
        [
          'no meta',
          (form) => {
            form.append('artifact', file(), 'm');
          },
          { status: 422, code: 'invalid_request', path: 'meta' },
        ],
        [
          'meta that is not JSON',
          (form) => {
            form.append('meta', '{"name":');
            form.append('artifact', file(), 'm');
          },
          { status: 400, code: 'malformed_json' },
        ],
        [
          'an unknown field in meta',
          (form) => {
            form.append('meta', '{"name":"m","colour":"red"}');
            form.append('artifact', file(), 'm');
          },
          { status: 422, code: 'invalid_request', path: 'meta.colour' },
        ],
        [
          'an unknown part',
          (form) => {
            form.append('model', file(), 'm');
          },
          { status: 422, code: 'invalid_request', path: 'model' },
        ],
        [
          'the digest of other bytes',
          (form) => {
            form.append('artifact', file(), 'm');
            form.append('meta', JSON.stringify({ name: 'm', artifact: `sha256:${'0'.repeat(64)}` }));
          },
          { status: 422, code: 'digest_mismatch' },
        ],
      ];
      it.each(parts)('refuses %s', async (_what, fill, refusal) => {
        const form = new FormData();
        fill(form);
        await expectRefused(world(), () => send(form), refusal);
      });
    });

    describe('refuses', () => {
      const bytes: [string, () => Uint8Array, Refusal][] = [
        ['bytes that are not ONNX', () => new TextEncoder().encode('hello'), { status: 422, code: 'not_onnx' }],
        ['no bytes', () => new Uint8Array(), { status: 422, code: 'not_onnx' }],
        [
          'half a model',
          () => fixture('forest-plain/model.onnx').subarray(0, 10_000),
          { status: 422, code: 'not_onnx' },
        ],
        [
          'a graph that keeps weights in another file',
          () => fixture('bad/external-data.onnx'),
          { status: 422, code: 'external_data' },
        ],
        [
          'a graph that loads but cannot run',
          () => fixture('bad/cannot-run.onnx'),
          { status: 422, code: 'model_cannot_run' },
        ],
      ];
      it.each(bytes)('%s', async (_what, content, refusal) => {
        const artifact = await world().upload(content());
        await expectRefused(world(), () => register({ name: 'refused', artifact }), refusal);
        expect((await world().get('/api/models/refused')).status).toBe(404);
      });

      it('an artifact or a baseline that is not there', async () => {
        const nowhere = `sha256:${'0'.repeat(64)}`;
        await expectRefused(world(), () => register({ name: 'm', artifact: nowhere }), {
          ...{ status: 404, code: 'artifact_not_found', path: 'artifact' },
        });
        const artifact = await forest();
        const baseline = { artifact: nowhere, format: 'csv' };
        await expectRefused(world(), () => register({ name: 'm', artifact, baseline }), {
          ...{ status: 404, code: 'artifact_not_found', path: 'baseline.artifact' },
        });
      });

      it('the same version twice, with other bytes or the same', async () => {
        const [artifact, other] = [await forest(), await world().upload(fixture('mlp-iris/model.onnx'))];
        const body = { name: 'twice', version: '1.0.0', artifact };
        expect((await register(body)).status).toBe(201);
        const refusal = { status: 409, code: 'version_exists', path: 'version' } as const;
        await expectRefused(world(), () => register({ ...body, artifact: other }), { ...refusal, says: 'other bytes' });
        await expectRefused(world(), () => register(body), { ...refusal, says: 'the same bytes' });
      });

      it('the same Idempotency-Key with another body', async () => {
        const artifact = await forest();
        const key = { 'idempotency-key': 'a key' };
        const first = await register({ name: 'keyed', artifact }, key);
        expect(first.status).toBe(201);
        expect((await register({ name: 'keyed', artifact }, key)).body).toEqual(first.body);
        await expectRefused(world(), () => register({ name: 'keyed', artifact, description: 'other' }, key), {
          ...{ status: 409, code: 'idempotency_conflict', path: 'header Idempotency-Key' },
        });
        // A key is scoped to the thing that is changed.
        expect((await register({ name: 'keyed too', artifact }, key)).status).toBe(201);
      });

      it.each(['a/b', 'a@b', 'a>b', 'a*b', 'a:b', ' a', '', 'é', '..', 'x'.repeat(129)])(
        'the name %p',
        async (name) => {
          const artifact = `sha256:${'0'.repeat(64)}`;
          await expectRefused(world(), () => register({ name, artifact }), {
            ...{ status: 422, code: 'invalid_request', path: 'name' },
          });
        },
      );

      const bodies: [string, object, Refusal][] = [
        ['an unknown field', { colour: 1 }, { status: 422, code: 'invalid_request', path: 'colour' }],
        ['a version that is none', { version: '1.0' }, { status: 422, code: 'invalid_request', path: 'version' }],
        ['a metric that is no number', { metrics: { auc: '1' } }, { status: 422, code: 'invalid_request' }],
        ['no artifact', { artifact: undefined }, { status: 422, code: 'invalid_request', path: 'artifact' }],
      ];
      it.each(bodies)('%s', async (_what, change, refusal) => {
        const body = { name: 'm', artifact: `sha256:${'0'.repeat(64)}`, ...change };
        await expectRefused(world(), () => register(body), refusal);
      });

      it('a header that cannot be an Idempotency-Key', async () => {
        const headers = { 'idempotency-key': 'k'.repeat(256) };
        await expectRefused(world(), () => register({ name: 'm', artifact: `sha256:${'0'.repeat(64)}` }, headers), {
          ...{ status: 422, code: 'invalid_request', path: 'header Idempotency-Key' },
        });
      });
    });

    it('lists in pages that do not shift, at any moment', async () => {
      const artifact = await forest();
      let seq = 0;
      for (const name of ['list-c', 'list-a', 'list-b']) seq = Number((await register({ name, artifact })).body.seq);
      const names: string[] = [];
      for (let cursor = ''; ;) {
        const page = (
          await world().get(`/api/models?limit=2${cursor === '' ? `&min_seq=${seq}` : `&cursor=${cursor}`}`)
        ).body as unknown as { items: api.ModelSummary[]; next_cursor: string | null; as_of_seq: number };
        names.push(...page.items.map(({ model_id }) => model_id));
        expect(page.as_of_seq).toBe(seq);
        // What comes while a client turns pages is not on them.
        if (cursor === '') await register({ name: 'list-bb', artifact });
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
      expect(names).toEqual([...names].sort());
      expect(names.filter((name) => name.startsWith('list-'))).toEqual(['list-a', 'list-b', 'list-c']);

      const before = await world().get(`/api/models?as_of=seq:${seq - 1}&limit=500`);
      expect(before.body.as_of_seq).toBe(seq - 1);
      expect(before.text).not.toContain('list-b"');
    });

    const reads: [string, Refusal][] = [
      ['/api/models/nobody', { status: 404, code: 'model_not_found' }],
      ['/api/models/a%2Fb', { status: 422, code: 'invalid_request', path: 'model_id' }],
      ['/api/models?limit=501', { status: 422, code: 'invalid_request', path: 'query.limit' }],
      ['/api/models?limit=many', { status: 422, code: 'invalid_request', path: 'query.limit' }],
      ['/api/models?limt=5', { status: 422, code: 'invalid_request', path: 'query.limt' }],
      ['/api/models?cursor=abc', { status: 422, code: 'invalid_cursor', path: 'cursor' }],
      ['/api/models?as_of=yesterday', { status: 422, code: 'invalid_request', path: 'query.as_of' }],
      ['/api/models?as_of=seq:999999', { status: 422, code: 'invalid_position' }],
      ['/api/models?as_of=2999-01-01T00:00:00Z', { status: 422, code: 'invalid_position' }],
    ];
    it.each(reads)('refuses to read %s', async (path, refusal) => {
      await expectRefused(world(), () => world().get(path), refusal);
    });
  });
}
