/** The tables of schema.sql, and the rows that the fold reads back. */
import { content, current, temporal } from '#libs/projecting/index.js';
import type { Stage } from '#libs/contracts/index.js';

const ofVersion = { model: 'text', version: 'text' } as const;

export const models = current({
  name: 'models',
  key: ['model'],
  columns: { model: 'text', created_seq: 'bigint', created_at: 'text' },
});

export const registrations = current({
  name: 'registrations',
  key: ['model', 'version'],
  columns: {
    ...ofVersion,
    registered_seq: 'bigint',
    artifact: 'text',
    size: 'bigint',
    signature: 'text',
    task: 'text',
    metrics: 'jsonb',
    hyperparameters: 'jsonb',
    dataset: 'text',
    training_job: 'text',
    source: 'text',
    parent_version: 'text',
    baseline: 'jsonb',
    derivation: 'jsonb',
    created_at: 'text',
    created_by: 'text',
    event_id: 'text',
  },
});

export const metrics = current({
  name: 'metrics',
  key: ['model', 'version', 'metric'],
  columns: { ...ofVersion, metric: 'text', value: 'double precision', registered_seq: 'bigint' },
});

export const hyperparameters = current({
  name: 'hyperparameters',
  key: ['model', 'version', 'name'],
  columns: { ...ofVersion, name: 'text', number: 'double precision', text: 'text', boolean: 'boolean' },
});

/** Named by their JSON as it was stored: another order of members would be kept twice, which costs space only. */
export const signatures = content({
  name: 'signatures',
  key: ['digest'],
  columns: { digest: 'text', signature: 'jsonb' },
});

export const versions = temporal({
  name: 'versions',
  key: ['model', 'version'],
  columns: { ...ofVersion, stage: 'text', archived: 'boolean' },
});

export interface VersionRow {
  readonly model: string;
  readonly version: string;
  readonly stage: Stage;
  readonly archived: boolean;
}

export const annotations = temporal({
  name: 'annotations',
  key: ['model', 'version'],
  columns: { ...ofVersion, description: 'text', tags: 'jsonb' },
});

export interface AnnotationRow {
  readonly model: string;
  readonly version: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export const tags = temporal({
  name: 'tags',
  key: ['model', 'version', 'tag'],
  columns: { ...ofVersion, tag: 'text', value: 'text' },
});

export const aliases = temporal({
  name: 'aliases',
  key: ['model', 'alias'],
  columns: { ...ofVersion, alias: 'text' },
});

export const evaluations = temporal({
  name: 'evaluations',
  key: ['model', 'version', 'dataset', 'split'],
  columns: { ...ofVersion, dataset: 'text', split: 'text', evaluation: 'jsonb', actor: 'text', at: 'text' },
});

export const evaluationMetrics = temporal({
  name: 'evaluation_metrics',
  key: ['model', 'version', 'metric'],
  columns: { ...ofVersion, metric: 'text', value: 'double precision' },
});

export const requests = temporal({
  name: 'requests',
  key: ['model', 'version', 'target'],
  columns: { ...ofVersion, target: 'text', actor: 'text', reason: 'text', at: 'text' },
});

export const approvals = temporal({
  name: 'approvals',
  key: ['model', 'version', 'target', 'actor'],
  columns: {
    ...ofVersion,
    target: 'text',
    actor: 'text',
    decision: 'text',
    reason: 'text',
    at: 'text',
    expires_at: 'text',
  },
});

export const decisions = current({
  name: 'decisions',
  key: ['model', 'seq'],
  columns: {
    model: 'text',
    seq: 'bigint',
    event_id: 'text',
    type: 'text',
    at: 'text',
    actor: 'text',
    version: 'text',
    alias: 'text',
    reason: 'text',
    config_seq: 'bigint',
    evidence: 'jsonb',
    details: 'jsonb',
  },
});

export const versionEvents = current({
  name: 'version_events',
  key: ['model', 'version', 'seq'],
  columns: { ...ofVersion, seq: 'bigint', at: 'text' },
});

export const tables = [
  models,
  registrations,
  metrics,
  hyperparameters,
  signatures,
  versions,
  annotations,
  tags,
  aliases,
  evaluations,
  evaluationMetrics,
  requests,
  approvals,
  decisions,
  versionEvents,
];
