import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { problemCodes } from '#libs/contracts/index.js';
import { openApiDocument } from './openapi.js';
import { routerPath } from './route.js';
import { routes } from './routes.js';

interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  readonly requestBody?: { readonly content: Record<string, { schema?: Record<string, unknown> }> };
  readonly responses: Record<string, { readonly description: string; readonly headers?: object }>;
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } };

const document = openApiDocument(routes, '1.2.3') as unknown as Document;
const operation = (path: string, method: string): Operation => document.paths[path]![method]!;
const parameter = (from: Operation, name: string) => from.parameters.find((each) => each.name === name)!;

describe('openApiDocument', () => {
  it('is valid OpenAPI 3.1', async () => {
    const outcome = await new Validator().validate(structuredClone(document));
    expect(outcome).toEqual({ valid: true });
  });

  it('resolves every reference', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    const names = [...references].map(([, target]) => target!.replace('#/components/schemas/', ''));
    expect(names).toContain('Problem');
    expect(names.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it('describes each call once', () => {
    const described = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(described).toHaveLength(routes.length);
    expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(routes.length);
  });

  it('tells path parameters, coerced numbers and transformed text as a caller writes them', () => {
    const list = operation('/api/models', 'get');
    expect(parameter(list, 'limit')).toMatchObject({
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
    });
    expect(document.components.schemas.AsOf).toMatchObject({ anyOf: [{ type: 'string' }, { format: 'date-time' }] });
    expect(parameter(operation('/api/models/{model_id}', 'get'), 'model_id')).toMatchObject({
      in: 'path',
      required: true,
    });
    expect(document.components.schemas.Deploy).toMatchObject({
      additionalProperties: false,
      required: ['deployment', 'model'],
      properties: { model: { type: 'string' } },
    });
  });

  it('names the problems of a call under their status', () => {
    const { responses } = operation('/api/models', 'post');
    expect(responses['422']!.description).toContain('model_cannot_run');
    expect(responses['409']!.description).toContain(problemCodes.version_exists[1]);
    expect(Object.keys(responses)).toContain('201');
  });

  it('tells wherever rows are predicted of the time that the caller waits, and when to come again', () => {
    const predicting = routes.filter(({ permission, servedBy }) => permission === 'predict' && servedBy === 'serving');
    expect(predicting.map(({ operationId }) => operationId).sort()).toEqual([
      ...['oipInfer', 'oipInferOfVersion', 'predict', 'predictBatch'],
    ]);
    for (const { path } of predicting) {
      const described = operation(path, 'post');
      expect(parameter(described, 'X-Request-Timeout-Ms')).toMatchObject({
        ...{ in: 'header', required: false, schema: { type: 'number', exclusiveMinimum: 0 } },
      });
      expect(described.responses['504']!.description).toContain('deadline_exceeded');
      expect(described.responses['503']!.description).toMatch(/version_cut_off.*overloaded/);
      expect(described.responses['503']!.headers).toHaveProperty('Retry-After');
      expect(described.responses['422']!.headers).toBeUndefined();
    }
  });

  it('names what takes a token, and the permission', () => {
    expect(document).toMatchObject({
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    });
    const deploy = operation('/api/deploy', 'post');
    expect(deploy).toMatchObject({ 'x-permission': 'deploy' });
    expect(deploy.security).toBeUndefined();
    expect(deploy.responses['401']!.description).toContain('invalid_token');
    expect(deploy.responses['403']!.description).toContain('forbidden');
    const health = operation('/health/live', 'get');
    expect(health.security).toEqual([]);
    expect(Object.keys(health.responses)).not.toContain('401');
  });

  it('offers both forms of a registration', () => {
    expect(Object.keys(operation('/api/models', 'post').requestBody!.content)).toEqual([
      'application/json',
      'multipart/form-data',
    ]);
  });
});

describe('routerPath', () => {
  it('writes parameters as the router does', () => {
    expect(routerPath({ path: '/api/deploy/{deployment}/retire' })).toBe('/api/deploy/:deployment/retire');
  });
});
