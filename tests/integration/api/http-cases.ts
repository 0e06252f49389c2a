import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { subjects } from '#libs/contracts/index.js';
import type { ApiWorld } from './api-world.js';
import { eventually } from './api-world.js';
import { expectRefused, type Refusal } from './refusals.js';

export function httpCases(world: () => ApiWorld): void {
  describe('HTTP', () => {
    const raw = (body: string | Uint8Array, headers: Record<string, string>) =>
      world().request('POST', '/api/deploy', {
        body: typeof body === 'string' ? body : new Uint8Array(body),
        headers: { 'content-type': 'application/json', ...headers },
      });

    const bodies: [string, string, Refusal][] = [
      [
        'JSON that is not JSON',
        '{"deployment": "a",\n "model" "x"}',
        { status: 400, code: 'malformed_json', says: 'line 2' },
      ],
      ['an empty body', '', { status: 400, code: 'malformed_json' }],
      ['an array', '[]', { status: 400, code: 'malformed_body' }],
      ['null', 'null', { status: 400, code: 'malformed_body' }],
    ];
    it.each(bodies)('refuses %s', async (_what, body, refusal) => {
      await expectRefused(world(), () => raw(body, {}), refusal);
    });

    it('refuses a body that is too large, announced or not', async () => {
      const large = `{"deployment":"${'x'.repeat(9 * 1024 * 1024)}"}`;
      await expectRefused(world(), () => raw(large, {}), { status: 413, code: 'payload_too_large' });
    });

    it('refuses another content type', async () => {
      const refusal = { status: 415, code: 'unsupported_media_type', says: 'application/json' } as const;
      await expectRefused(world(), () => raw('a: b', { 'content-type': 'application/yaml' }), refusal);
    });

    it("refuses what another site's page sends", async () => {
      const refusal = { status: 403, code: 'cross_site' } as const;
      const other = { origin: 'https://other.example' };
      await expectRefused(world(), () => raw('{}', other), { ...refusal, path: 'header Origin' });
      const site = { 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'cross-site' };
      await expectRefused(world(), () => raw('{}', site), { ...refusal, path: 'header Sec-Fetch-Site' });
    });

    it.each([
      ['/api/models?as_of=yesterday', 'query.as_of', /ISO-8601.*seq:N/],
      ['/api/models?limit=1&limit=2', 'query.limit', /a single value/],
      ['/api/models?limit=0x10', 'query.limit', /whole number/],
      ['/api/events?types=', 'query.types', /types/],
      ['/api/models/a%00b', 'model_id', /model name/],
      ['/api/deploy/status?deployment=a%00b', 'query.deployment', /deployment name/],
      ['/api/events?aggregate=model/a%00b', 'query.aggregate', /model\/<name>/],
      ['/api/events?aggregate=configuration/a%00b', 'query.aggregate', /configuration\/modelog/],
    ])('refuses GET %s by the name of the parameter', async (address, path, says) => {
      await expectRefused(world(), () => world().get(address), {
        ...{ status: 422, code: 'invalid_request', path, says },
      });
    });

    it.each(['a\\u0000b', 'a\\ud800b'])('refuses a cursor that goes on after "%s"', async (after) => {
      const cursor = Buffer.from(`["models",1,"${after}"]`).toString('base64url');
      await expectRefused(world(), () => world().get(`/api/models?cursor=${cursor}`), {
        ...{ status: 422, code: 'invalid_cursor', path: 'cursor' },
      });
    });

    it('knows what is at an address and what it takes', async () => {
      await expectRefused(world(), () => world().get('/api/nothing'), { status: 404, code: 'not_found' });
      const answer = await expectRefused(world(), () => world().request('DELETE', '/api/models/x'), {
        ...{ status: 405, code: 'method_not_allowed' },
      });
      expect(answer.headers.get('allow')).toContain('GET');
    });

    it('describes itself, valid OpenAPI 3.1, and shows it without a network', async () => {
      const description = await world().get('/openapi.json');
      expect(description.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await new Validator().validate(description.body)).toEqual({ valid: true });
      const page = await world().get('/docs');
      const assets = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path!);
      expect(assets).toHaveLength(2);
      for (const path of assets) {
        const asset = await world().get(path);
        expect([path, asset.status, asset.text.length > 100_000]).toEqual([path, 200, true]);
      }
    });

    it('answers every call that its description has', async () => {
      const { paths } = (await world().get('/openapi.json')).body as { paths: Record<string, Record<string, unknown>> };
      for (const [path, methods] of Object.entries(paths)) {
        if (path.startsWith('/api/predict') || path.startsWith('/v2')) continue;
        for (const method of Object.keys(methods)) {
          const { body, status } = await world().request(method.toUpperCase(), path.replaceAll(/\{.*?\}/g, 'x'));
          expect([path, method, body.code === 'not_found' || status === 405]).toEqual([path, method, false]);
        }
      }
    });

    it('counts its requests', async () => {
      const { text } = await world().get('/metrics');
      expect(text).toMatch(/modelog_api_request_seconds_count\{[^}]*route="\/api\/deploy"[^}]*\} [1-9]/);
      expect(text).toMatch(/modelog_read_model_gap_messages\{[^}]*projection="registry"[^}]*\} \d/);
    });

    it('is alive, and ready when everything behind it is', async () => {
      expect((await world().get('/health/live')).status).toBe(200);
      const missing = await world().get('/health/ready');
      expect(missing.status).toBe(503);
      expect(missing.body).toMatchObject({ code: 'unavailable', errors: [{ path: 'serving' }] });
      expect(missing.headers.get('retry-after')).toMatch(/^\d+$/);
      await world().members.put({ instance: 's0', epoch: 'e', pid: 1, started_at: new Date().toISOString() });
      const ready = await eventually(
        'the api to be ready',
        () => world().get('/health/ready'),
        ({ status }) => status === 200,
      );
      expect(ready.body).toMatchObject({ status: 'ready', components: { nats: {}, postgres: {}, projector: {} } });
      await world().members.remove('s0');
    });

    it('records its configuration once', async () => {
      await world().restartApi();
      const applied = await world().events.readSubject(subjects.configuration(), 1, 'leader');
      expect(applied).toHaveLength(1);
      expect(JSON.parse(new TextDecoder().decode(applied[0]!.data))).toMatchObject({
        content: { pipeline: { deployment: { load_timeout_s: 60 } } },
      });
    });
  });
}
