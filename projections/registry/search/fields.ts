/**
 * What versions and models can be found and ordered by. The SQL speaks of a version's row `v` (of registry.versions, as of
 * $1), its registration `r`, or a model `m`; $1 is the sequence.
 */
import { stage } from '#libs/contracts/index.js';
import {
  asOf,
  type ComparisonInSql,
  type FamilyDefinition,
  type FieldDefinition,
  type FilterSchema,
} from '#libs/projecting/index.js';
import { sources, type Source } from './sources.js';

const ofVersion = 'x.model = v.model and x.version = v.version';

/** The comparison holds for one of the source's rows of the version. */
const foundIn =
  ({ table, where }: Source) =>
  (comparison: ComparisonInSql): string => {
    const rowsThat = (condition: string): string =>
      `(select from registry.${table} x where ${ofVersion} and ${condition})`;
    return comparison.operator === 'is null'
      ? `not exists ${rowsThat(where({ ...comparison, operator: 'is not null', on: () => 'true' }))}`
      : `exists ${rowsThat(where(comparison))}`;
  };

/** Values that stand in a table of their own, by name. */
const family = (type: FamilyDefinition['type'], source: Source, value: (key: string) => string): FamilyDefinition => ({
  type,
  sql: value,
  compare: foundIn(source),
});

const versionUpdatedAt = `(select x.at from registry.version_events x
  where ${ofVersion} and x.seq <= $1 order by x.seq desc limit 1)`;

/** `1.10.0` comes after `1.9.0`: every part in nine digits. */
const paddedSql = `(select string_agg(lpad(part, 9, '0'), '.' order by place)
  from unnest(string_to_array(v.version, '.')) with ordinality as parts (part, place))`;
const padded = (version: string): string =>
  version
    .split('.')
    .map((part) => part.padStart(9, '0'))
    .join('.');

function inVersionOrder({ operator, values, on, parameter }: ComparisonInSql): string {
  return ['<', '<=', '>', '>='].includes(operator)
    ? `${paddedSql} collate "C" ${operator} ${parameter(padded(String(values[0])))}::text`
    : on('v.version');
}

const ordered: Readonly<Record<string, FieldDefinition>> = {
  name: { type: 'text', sql: 'v.model', indexed: true },
  stage: { type: stage.options, sql: 'v.stage' },
  archived: { type: 'boolean', sql: 'v.archived' },
  champion: { type: 'boolean', sql: `(v.stage = 'production')` },
  description: {
    type: 'text',
    sql: `(select x.description from registry.annotations x where ${ofVersion} and ${asOf('$1', 'x')})`,
  },
  task: { type: 'text', sql: 'r.task' },
  created_by: { type: 'text', sql: 'r.created_by' },
  created_at: { type: 'instant', sql: 'r.created_at' },
  updated_at: { type: 'instant', sql: versionUpdatedAt },
  size: { type: 'number', sql: 'r.size' },
  dataset: { type: 'text', sql: 'r.dataset' },
  training_job: { type: 'text', sql: 'r.training_job' },
  parent_version: { type: 'text', sql: 'r.parent_version' },
  artifact: { type: 'text', sql: 'r.artifact' },
};

const families: Readonly<Record<string, FamilyDefinition>> = {
  metrics: family('number', sources.metrics, (key) => `(r.metrics ->> ${key})::double precision`),
  evaluations: family(
    'number',
    sources.evaluations,
    (key) => `(select x.value from registry.evaluation_metrics x
      where ${ofVersion} and x.metric = ${key} and ${asOf('$1', 'x')})`,
  ),
  tags: family(
    'text',
    sources.tags,
    (key) => `(select x.value from registry.tags x where ${ofVersion} and x.tag = ${key} and ${asOf('$1', 'x')})`,
  ),
  hyperparameters: family('scalar', sources.hyperparameters, (key) => `(r.hyperparameters ->> ${key})`),
};

/** Of versions, for `filter`. A version has any number of aliases: a comparison holds if it does for one of them. */
export const versionFilter: FilterSchema = {
  fields: {
    ...ordered,
    version: { type: 'text', sql: 'v.version', compare: inVersionOrder },
    alias: { type: 'text', sql: 'null::text', compare: foundIn(sources.alias) },
  },
  families,
};

/** Of versions, for `order_by`. */
export const versionOrder: FilterSchema = {
  fields: { ...ordered, version: { type: 'text', sql: paddedSql } },
  families,
};

/** Of models, for `order_by`: when the first version was registered, and when anything last happened. */
export const modelOrder: FilterSchema = {
  fields: {
    name: { type: 'text', sql: 'm.model', indexed: true },
    created_at: { type: 'instant', sql: 'm.created_at' },
    updated_at: {
      type: 'instant',
      sql: '(select d.at from registry.decisions d where d.model = m.model and d.seq <= $1 order by d.seq desc limit 1)',
    },
  },
};
