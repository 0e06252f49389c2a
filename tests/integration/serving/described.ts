/** What the catalogue says of the calls that predict, held against what serving processes answer. */
import { openApiDocument } from '#apps/api/catalogue/openapi.js';
import { routes } from '#apps/api/catalogue/routes.js';

interface Described {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Record<string, { description: string }> }>>>
  >;
}

const { paths } = openApiDocument(routes, '0.0.0') as unknown as Described;

const predicting = routes
  .filter(({ permission, servedBy }) => permission === 'predict' && servedBy === 'serving')
  .map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/\{[a-z_]+\}/g, '[^/]+')}/?$`),
    responses: paths[path]![method.toLowerCase()]!.responses,
  }));

/**
 * @param path with or without a query
 * @throws Error where a call that predicts was refused with a status or a code that OpenAPI does not tell of
 */
export function requireDescribed(
  method: string,
  path: string,
  { status, code }: { status: number; code: string },
): void {
  const [address = ''] = path.split('?');
  const call = predicting.find((each) => each.method === method && each.pattern.test(address));
  if (call === undefined) return;
  const described = call.responses[status]?.description.includes(`\`${code}\``);
  if (described !== true)
    throw new Error(`${method} ${path} is refused with ${status} ${code}: expected it in OpenAPI`);
}
