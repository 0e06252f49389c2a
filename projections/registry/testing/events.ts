/** For specs: events of models, one function for each kind. */
import type { Evidence, ModelEvent, PromotionTarget, Signature, Stage } from '#libs/contracts/index.js';
import { uuidOf } from '#libs/projecting/testing/recorded-events.js';

export const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [
    { name: 'age', type: 'float32', nullable: false, input: 'x', index: 0 },
    { name: 'income', type: 'float32', nullable: true, input: 'x', index: 1 },
  ],
};

export const artifact = `sha256:${'a'.repeat(64)}`;

const evidence: Evidence = { artifact, metrics: { auc: 0.9 }, evaluations: [], champion: null };

type DataOf<Type extends ModelEvent['type']> = Extract<ModelEvent, { type: Type }>['data'];

export const registered = (
  model: string,
  version: string,
  more: Partial<DataOf<'VersionRegistered'>> = {},
): ModelEvent => ({
  type: 'VersionRegistered',
  data: { model, version, artifact, size: 10, tags: {}, metrics: {}, signature, lineage: {}, ...more },
});

export const annotated = (
  model: string,
  version: string,
  description: string | null,
  tags: Record<string, string>,
): ModelEvent => ({ type: 'VersionAnnotated', data: { model, version, description, tags } });

export const evaluated = (
  model: string,
  version: string,
  evaluation: Partial<DataOf<'EvaluationRecorded'>['evaluation']> = {},
): ModelEvent => ({
  type: 'EvaluationRecorded',
  data: { model, version, evaluation: { evaluation_id: uuidOf(1), dataset: 'holdout', metrics: {}, ...evaluation } },
});

export const requested = (model: string, version: string, to: PromotionTarget, reason = 'please'): ModelEvent => ({
  type: 'PromotionRequested',
  data: { model, version, to, reason },
});

export const approved = (
  model: string,
  version: string,
  to: PromotionTarget,
  expires_at: string | null = null,
): ModelEvent => ({
  type: 'VersionApproved',
  data: { model, version, to, reason: 'good', evidence, expires_at },
});

export const rejected = (model: string, version: string, to: PromotionTarget): ModelEvent => ({
  type: 'VersionRejected',
  data: { model, version, to, reason: 'bad', evidence },
});

export const promoted = (
  model: string,
  version: string,
  to: PromotionTarget,
  {
    from = to === 'staging' ? 'development' : 'staging',
    demoted = null,
  }: { from?: Stage; demoted?: string | null } = {},
): ModelEvent => ({
  type: 'VersionPromoted',
  data: { model, version, from, to, demoted, reason: 'ready', evidence: { ...evidence, approvals: [] } },
});

/** From development to production. */
export const crowned = (model: string, version: string, demoted: string | null = null): ModelEvent[] => [
  promoted(model, version, 'staging'),
  promoted(model, version, 'production', { demoted }),
];

export const rolledBack = (model: string, version: string, former: string): ModelEvent => ({
  type: 'ChampionRolledBack',
  data: { model, version, former, reason: 'worse', evidence },
});

export const aliasSet = (model: string, alias: string, version: string, former: string | null = null): ModelEvent => ({
  type: 'AliasSet',
  data: { model, alias, version, former },
});

export const aliasRemoved = (model: string, alias: string, former: string): ModelEvent => ({
  type: 'AliasRemoved',
  data: { model, alias, former },
});

export const archived = (model: string, version: string, aliases: string[] = []): ModelEvent => ({
  type: 'VersionArchived',
  data: { model, version, reason: 'old', aliases, deployments_seq: 1 },
});
