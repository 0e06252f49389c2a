import { z } from 'zod';
import { problem, problemCodes, type ProblemCode } from '#libs/contracts/index.js';
import { mayBeLeftOut, type RouteSpec } from './route.js';

type Json = Record<string, unknown>;

/** Every call can end so, whatever it does. */
const everywhere: readonly ProblemCode[] = ['internal'];
/** Where a token is needed. */
const guarded: readonly ProblemCode[] = ['authentication_required', 'invalid_token', 'forbidden'];
const withBody: readonly ProblemCode[] = [
  'cross_site',
  'malformed_json',
  'malformed_body',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
];

/** The OpenAPI 3.1 document of these calls, from the zod schemas that validate them. */
export function openApiDocument(routes: readonly RouteSpec[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = operationOf(route, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Modelog',
      version,
      description: 'Flight recorder and autopilot for machine-learning models.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    security: [{ token: [] }],
    components: { schemas: components.schemas, securitySchemes: { token: tokenScheme } },
  };
}

const tokenScheme: Json = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'As `npx modelog token` prints it. A server without MODELOG_AUTH_SECRET takes every call without one.',
};

function operationOf(route: RouteSpec, components: Components): Json {
  const { operationId, tag, permission, summary, description, body } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(permission === null ? { security: [] } : { 'x-permission': permission }),
    ...(description === undefined ? {} : { description }),
    parameters: parametersOf(route, components),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !mayBeLeftOut(body), content: contentOf(body, components) } }),
    responses: responsesOf(route, components),
  };
}

function parametersOf({ params, query, headers }: RouteSpec, components: Components): Json[] {
  const places = [
    ['path', params],
    ['query', query],
    ['header', headers],
  ] as const;
  return places.flatMap(([place, object]) =>
    Object.entries(object?.shape ?? {}).map(([name, schema]) => {
      const parameter = components.parameter(schema as z.ZodType);
      return {
        name,
        in: place,
        required: place === 'path' || !(schema as z.ZodType).safeParse(undefined).success,
        ...(typeof parameter.description === 'string' ? { description: parameter.description } : {}),
        schema: parameter,
      };
    }),
  );
}

function responsesOf({ answer, problems, body, permission, refusal }: RouteSpec, components: Components): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  const ofEvery = [...(permission === null ? [] : guarded), ...(body === undefined ? [] : withBody), ...everywhere];
  for (const code of new Set([...problems, ...ofEvery])) {
    const [status] = problemCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Json = {
    [answer.status]: { description: answer.description, content: contentOf(answer.content, components) },
  };
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${problemCodes[code][1]}`).join('; '),
      ...(status === 503 ? { headers: retryAfter } : {}),
      content:
        refusal === undefined
          ? { 'application/problem+json': { schema: components.schema(problem) } }
          : { 'application/json': { schema: components.schema(refusal) } },
    };
  }
  return responses;
}

const retryAfter: Json = {
  'Retry-After': { description: 'Seconds', required: true, schema: { type: 'integer', minimum: 1 } },
};

const contentOf = (
  contents: readonly { readonly mediaType: string; readonly content: z.ZodType | 'bytes' | 'text' }[],
  components: Components,
): Json =>
  Object.fromEntries(
    contents.map(({ mediaType, content }) => [
      mediaType,
      content === 'bytes' ? {} : { schema: mediaOf(content, components) },
    ]),
  );

const mediaOf = (content: z.ZodType | 'text', components: Components): Json =>
  content === 'text' ? { type: 'string' } : components.schema(content);

/** Schemas that have a name of their own (`meta({ id })`) are written once and referred to. */
class Components {
  readonly schemas: Json = {};

  /** As a caller writes it: what a transform makes of it stays inside. */
  schema(schema: z.ZodType): Json {
    return this.#convert(schema, 'input');
  }

  /**
   * A number in a query is text that becomes a number: what it must be shows in its output. What a transform gives has
   * no JSON schema; then its input counts.
   */
  parameter(schema: z.ZodType): Json {
    try {
      return this.#convert(schema, 'output');
    } catch {
      return this.#convert(schema, 'input');
    }
  }

  #convert(schema: z.ZodType, io: 'input' | 'output'): Json {
    const converted = z.toJSONSchema(schema, { io }) as Json;
    const { $defs, $schema: _dialect, ...rest } = converted;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) this.#add(name, referring(definition));
    const name = z.globalRegistry.get(schema)?.id;
    if (name === undefined) return referring(rest) as Json;
    this.#add(name, referring(rest));
    return { $ref: reference(name) };
  }

  #add(name: string, definition: unknown): void {
    const { id: _id, ...plain } = definition as Json;
    this.schemas[name] ??= plain;
  }
}

const reference = (name: string): string => `#/components/schemas/${name}`;

/** The same JSON with its references pointing at the components. */
function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === '$ref' && typeof member === 'string'
        ? [key, member.replace(/^#\/\$defs\//, '#/components/schemas/')]
        : [key, referring(member)],
    ),
  );
}
