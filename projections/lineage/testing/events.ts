/** For specs: events of models and deployments with what matters to lineage; the rest is always the same. */
import type { Derivation, Evaluation, GovernanceEvent, Lineage, Signature } from '#libs/contracts/index.js';

export const digestOf = (number: number): string => `sha256:${String(number).padStart(64, '0')}`;

const uuidOf = (number: number): string => `00000000-0000-4000-9000-${String(number).padStart(12, '0')}`;

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'age', type: 'float32', nullable: false, input: 'x', index: 0 }],
};

interface Origin {
  readonly artifact?: string;
  readonly lineage?: Lineage;
  readonly baseline?: { readonly artifact: string; readonly format: string } | undefined;
  /** Model and version. */
  readonly derivedFrom?: readonly [string, string] | undefined;
}

export const registered = (
  model: string,
  version: string,
  { artifact = digestOf(0), lineage = {}, baseline, derivedFrom }: Origin = {},
): GovernanceEvent => ({
  type: 'VersionRegistered',
  data: {
    ...{ model, version, artifact, size: 10, tags: {}, metrics: {}, signature, lineage },
    ...(baseline === undefined ? {} : { baseline }),
    ...(derivedFrom === undefined ? {} : { derivation: derivation(...derivedFrom) }),
  },
});

const derivation = (model: string, version: string): Derivation => ({
  ...{ method: 'graph', parent: { model, version, artifact: digestOf(9) } },
  ...{ size_before: 20, size_after: 10, rewrites: { 'Identity →': 1 } },
  outputs: {
    ...{ rows: 1, inputs: { seed: 1 } },
    ...{ max_abs_difference: 0, mean_abs_difference: 0, label_agreement: null },
  },
});

export const evaluated = (
  model: string,
  version: string,
  dataset: string,
  curves: NonNullable<Evaluation['curves']> = [],
): GovernanceEvent => ({
  type: 'EvaluationRecorded',
  data: { model, version, evaluation: { evaluation_id: uuidOf(1), dataset, metrics: { auc: 0.9 }, curves } },
});

/** @param championSeq the deployment follows the champion, which this event made */
export const requested = (
  deployment: string,
  rollout: number,
  model: string,
  version: string,
  championSeq?: number,
): GovernanceEvent => ({
  type: 'DeploymentRequested',
  data: {
    ...{ deployment, rollout_id: uuidOf(rollout), model, version, environment: 'production' },
    ...{ strategy: { type: 'direct' }, recording: 'acknowledged', artifact: digestOf(0), signature },
    ...{ model_seq: 1, load_timeout_s: 60 },
    ...(championSeq === undefined ? {} : { follows: 'champion', champion_seq: championSeq }),
  },
});

/** What a newer champion of the model asks for. */
export const followed = (deployment: string, rollout: number, model: string, version: string): GovernanceEvent =>
  requested(deployment, rollout, model, version, 1);

export const stayed = (deployment: string, model: string, version: string): GovernanceEvent => ({
  type: 'DeploymentStayed',
  data: {
    ...{ deployment, model, champion: '9.0.0', champion_seq: 1, version },
    ...{ code: 'incompatible_signature', reason: 'another column' },
  },
});

export const wentLive = (deployment: string, rollout: number, model: string, version: string): GovernanceEvent => ({
  type: 'DeploymentWentLive',
  data: {
    ...{ deployment, rollout_id: uuidOf(rollout), model, version },
    instances: [{ instance: 'one', load_ms: 1 }],
  },
});

export const failed = (deployment: string, rollout: number, model: string, version: string): GovernanceEvent => ({
  type: 'DeploymentFailed',
  data: { deployment, rollout_id: uuidOf(rollout), model, version, code: 'model_cannot_load', reason: 'corrupt' },
});

/** Traffic goes from one rollout's version to another one's: rollout, model, version. */
export const rolledBack = (
  deployment: string,
  from: readonly [number, string, string],
  to: readonly [number, string, string],
  aborted: number | null = null,
): GovernanceEvent => {
  const place = ([rollout, model, version]: typeof from) => ({ rollout_id: uuidOf(rollout), model, version });
  return {
    type: 'DeploymentRolledBack',
    data: {
      ...{ deployment, from: place(from), to: place(to), reason: 'worse' },
      aborted: aborted === null ? null : uuidOf(aborted),
    },
  };
};

export const retired = (deployment: string): GovernanceEvent => ({
  type: 'DeploymentRetired',
  data: { deployment, reason: 'over' },
});
