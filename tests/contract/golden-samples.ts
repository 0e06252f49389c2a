import { modelSamples } from './golden-model-samples.js';
import { monitoringSamples } from './golden-monitoring-samples.js';
import { trainingSamples } from './golden-training-samples.js';
import { subjects, type GovernanceEvent, type Signature } from '#libs/contracts/index.js';

export interface Sample {
  /** Of this sample alone: each is the first event of its aggregate. */
  readonly subject: string;
  /** Tells samples of one type and version apart, where later optional members need one of their own. */
  readonly variant?: string;
  readonly event: GovernanceEvent;
}

const signature: Signature = {
  inputs: [
    { name: 'X', type: 'float32', shape: [null, 2] },
    { name: 'country', type: 'string', shape: [null, 1] },
  ],
  outputs: [
    { name: 'label', type: 'int64', shape: [null], role: 'label' },
    { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: [
    { name: 'amount', type: 'float32', nullable: false, input: 'X', index: 0 },
    { name: 'age', type: 'float32', nullable: true, input: 'X', index: 1 },
    { name: 'country', type: 'string', nullable: false, input: 'country', index: 0 },
  ],
  classes: [0, 1],
};

const artifact = `sha256:${'ab'.repeat(32)}`;
const served = {
  deployment: 'fraud eu',
  rollout_id: '0b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d',
  model: 'fraud.eu-2',
  version: '1.2.0',
};

/** One event of each shipped type, with every optional member present in one of its samples. */
export const samples: readonly Sample[] = [
  ...modelSamples,
  ...trainingSamples,
  ...monitoringSamples,
  {
    subject: subjects.model(served.model),
    event: {
      type: 'VersionRegistered',
      data: {
        model: served.model,
        version: served.version,
        artifact,
        size: 123_456,
        description: 'Betrug – grenzüberschreitend 🚩',
        task: 'classification',
        tags: { team: 'risk', 'cost-center': '42' },
        metrics: { auc: 0.9375, logloss: 1e-7, support: 1e21 },
        signature,
        baseline: { artifact: `sha256:${'cd'.repeat(32)}`, format: 'parquet' },
        lineage: {
          dataset: 'payments@3',
          training_job: 'job-1',
          source: 'git:1234',
          parent_version: 'fraud.eu-2@1.1.0',
        },
      },
    },
  },
  {
    subject: subjects.deployment(served.deployment),
    event: {
      type: 'DeploymentRequested',
      data: {
        ...served,
        environment: 'production',
        strategy: { type: 'direct' },
        recording: 'acknowledged',
        artifact,
        signature,
        model_seq: 17,
        load_timeout_s: 30,
      },
    },
  },
  {
    subject: subjects.deployment('following'),
    variant: 'following',
    event: {
      type: 'DeploymentRequested',
      data: {
        ...{ ...served, deployment: 'following' },
        environment: 'production',
        strategy: { type: 'direct' },
        recording: 'unacknowledged',
        artifact,
        signature,
        follows: 'champion',
        champion_seq: 16,
        model_seq: 17,
        load_timeout_s: 0.5,
      },
    },
  },
  {
    subject: subjects.deployment('stayed'),
    event: {
      type: 'DeploymentStayed',
      data: {
        ...{ deployment: 'stayed', model: served.model, champion: '2.0.0', champion_seq: 31, version: '1.2.0' },
        code: 'incompatible_signature',
        reason: 'input X has another shape',
      },
    },
  },
  {
    subject: subjects.deployment('went live'),
    event: {
      type: 'DeploymentWentLive',
      data: { ...served, deployment: 'went live', instances: [{ instance: 'serving-1', load_ms: 41.25 }] },
    },
  },
  {
    subject: subjects.deployment('warmed up'),
    variant: 'blue-green',
    event: {
      type: 'DeploymentRequested',
      data: {
        ...{ ...served, deployment: 'warmed up' },
        environment: 'staging',
        strategy: { type: 'blue_green', warmup_requests: 100, keep_old_s: 600 },
        recording: 'acknowledged',
        artifact,
        signature,
        model_seq: 17,
        load_timeout_s: 30,
      },
    },
  },
  {
    subject: subjects.deployment('given inputs'),
    variant: 'given-inputs',
    event: {
      type: 'DeploymentRequested',
      data: {
        ...{ ...served, deployment: 'given inputs' },
        environment: 'staging',
        strategy: {
          type: 'blue_green',
          warmup_requests: [{ amount: 12.5, age: null, country: 'GB' }],
          keep_old_s: 0,
        },
        recording: 'acknowledged',
        artifact,
        signature,
        model_seq: 17,
        load_timeout_s: 30,
      },
    },
  },
  {
    subject: subjects.deployment('prepared'),
    event: {
      type: 'DeploymentPrepared',
      data: { ...served, deployment: 'prepared', instances: [{ instance: 'serving-1', load_ms: 44.5, warmed: 100 }] },
    },
  },
  {
    subject: subjects.deployment('rolled back'),
    event: {
      type: 'DeploymentRolledBack',
      data: {
        deployment: 'rolled back',
        from: { rollout_id: served.rollout_id, model: served.model, version: served.version },
        to: { rollout_id: '1b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d', model: served.model, version: '1.1.0' },
        aborted: '2b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d',
        reason: 'more complaints than before',
      },
    },
  },
  {
    subject: subjects.deployment('released'),
    event: {
      type: 'FormerVersionReleased',
      data: {
        deployment: 'released',
        rollout_id: served.rollout_id,
        released: { rollout_id: '1b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d', model: served.model, version: '1.1.0' },
      },
    },
  },
  {
    subject: subjects.deployment('crashed'),
    event: {
      type: 'VersionCrashed',
      data: {
        ...{ ...served, deployment: 'crashed' },
        ...{ instance: 'serving-1', epoch: '0198c0de-0000-7000-8000-000000000009', cause: 'SIGSEGV' },
        ...{ crashes: 3, within_s: 300, cut_off: true },
      },
    },
  },
  {
    subject: subjects.deployment('failed'),
    event: {
      type: 'DeploymentFailed',
      data: { ...served, deployment: 'failed', code: 'model_cannot_load', reason: 'out of memory' },
    },
  },
  {
    subject: subjects.deployment('retired'),
    event: { type: 'DeploymentRetired', data: { deployment: 'retired', reason: 'replaced' } },
  },
  {
    subject: subjects.configuration(),
    event: {
      type: 'ConfigurationApplied',
      data: { digest: `sha256:${'ef'.repeat(32)}`, content: { pipeline: { deployment: { load_timeout_s: 30 } } } },
    },
  },
];
