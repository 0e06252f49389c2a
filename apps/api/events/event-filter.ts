import { deploymentName, eventCatalogue, jobId, modelName, rejection, subjects } from '#libs/contracts/index.js';
import type { LogRecord, PageFilter } from '#libs/event-log/index.js';
import { ProblemException } from '#libs/nest/index.js';

/**
 * What `types` and `aggregate` of a query ask for: `model/fraud`, `deployment/fraud`, `training-job/<id>`,
 * `dataset/fraud`, `monitor/<deployment>`, `configuration/modelog`.
 * @throws ProblemException 422 for a type or an aggregate that the log cannot hold: it would never match.
 */
export function eventFilter(query: {
  readonly types?: readonly string[] | undefined;
  readonly aggregate?: string | undefined;
}): PageFilter {
  const unknown = query.types?.filter((type) => !eventCatalogue.has(type)) ?? [];
  if (unknown.length > 0)
    throw refused('query.types', `expected ${[...eventCatalogue.keys()].join(', ')}; found ${unknown.join(', ')}`);
  return {
    ...(query.types === undefined ? {} : { types: query.types }),
    ...(query.aggregate === undefined ? {} : { aggregate: subjectOf(query.aggregate) }),
  };
}

/** Whether a record of the live feed passes a filter. */
export function passes({ types, aggregate }: PageFilter, record: LogRecord): boolean {
  if (aggregate !== undefined && record.subject !== aggregate) return false;
  return types === undefined || ('event' in record && types.includes(record.event.type));
}

function subjectOf(aggregate: string): string {
  const slash = aggregate.indexOf('/');
  const [kind, name] = [aggregate.slice(0, slash), aggregate.slice(slash + 1)];
  switch (kind) {
    case 'model':
      if (modelName.safeParse(name).success) return subjects.model(name);
      break;
    case 'deployment':
      if (deploymentName.safeParse(name).success) return subjects.deployment(name);
      break;
    case 'training-job':
      if (jobId.safeParse(name).success) return subjects.trainingJob(name);
      break;
    case 'dataset':
      if (modelName.safeParse(name).success) return subjects.dataset(name);
      break;
    case 'monitor':
      if (deploymentName.safeParse(name).success) return subjects.monitor(name);
      break;
    case 'configuration':
      if (name === 'modelog') return subjects.configuration();
      break;
    default:
  }
  throw refused(
    'query.aggregate',
    `expected model/<name>, deployment/<name>, training-job/<id>, dataset/<name>, monitor/<deployment> or configuration/modelog; found ${aggregate}`,
  );
}

const refused = (path: string, message: string): ProblemException =>
  new ProblemException(rejection('invalid_request', `${path}: ${message}`, [{ path, message }]));
