/** The tables that versions are found in by a value, apart from their own row. In SQL, $1 is the sequence. */
import { asOf, type ComparisonInSql } from '#libs/projecting/index.js';

export interface Source {
  readonly table: string;
  /** Condition on its row `x` that the value meets the comparison; `is null` is none of a row's. */
  readonly where: (comparison: ComparisonInSql) => string;
  /** Leaves out what was not registered yet, for who does not look at the version itself. */
  readonly registered?: string;
}

const standing = asOf('$1', 'x');
const registered = 'x.registered_seq <= $1';

/** An index entry holds the beginning of a text only. */
const indexedLength = 128;

const byBeginning = (value: string, { operator, values, parameter }: ComparisonInSql): string =>
  operator === '=' || operator === 'in'
    ? ` and left(${value}, ${indexedLength}) = any (${parameter(values.map(beginning))}::text[])`
    : '';

const beginning = (value: unknown): string => Array.from(String(value)).slice(0, indexedLength).join('');

export const sources = {
  metrics: {
    table: 'metrics',
    where: ({ key, on }) => `x.metric = ${key} and ${on('x.value')}`,
    registered,
  },
  evaluations: {
    table: 'evaluation_metrics',
    where: ({ key, on }) => `x.metric = ${key} and ${standing} and ${on('x.value')}`,
  },
  tags: {
    table: 'tags',
    where: (comparison) =>
      `x.tag = ${comparison.key} and ${standing} and ${comparison.on('x.value')}${byBeginning('x.value', comparison)}`,
  },
  hyperparameters: {
    table: 'hyperparameters',
    where: (comparison) => {
      const { key, values, on } = comparison;
      const ofName = `x.name = ${key}`;
      if (values.length === 0) return ofName;
      switch (typeof values[0]) {
        case 'number':
          return `${ofName} and x.number is not null and ${on('x.number')}`;
        case 'boolean':
          return `${ofName} and ${on('x.boolean')}`;
        default:
          return `${ofName} and x.text is not null and ${on('x.text')}${byBeginning('x.text', comparison)}`;
      }
    },
  },
  alias: { table: 'aliases', where: ({ on }) => `${standing} and ${on('x.alias')}` },
  name: { table: 'versions', where: ({ on }) => `${standing} and ${on('x.model')}` },
  stage: { table: 'versions', where: ({ on }) => `${standing} and ${on('x.stage')}` },
  archived: { table: 'versions', where: ({ on }) => `${standing} and x.archived and ${on('x.archived')}` },
  champion: { table: 'versions', where: ({ on }) => `${standing} and x.stage = 'production' and ${on('true')}` },
  created_by: registration('created_by'),
  created_at: registration('created_at'),
  dataset: registration('dataset'),
  training_job: registration('training_job'),
  parent_version: registration('parent_version'),
  artifact: registration('artifact'),
  updated_at: { table: 'version_events', where: ({ on }) => `x.seq <= $1 and ${on('x.at')}` },
} as const satisfies Readonly<Record<string, Source>>;

function registration(column: string): Source {
  return { table: 'registrations', where: ({ on }) => on(`x.${column}`), registered };
}
