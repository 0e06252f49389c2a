import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobLogLine, RecordedTrial, Role, StageResult } from '#libs/contracts/index.js';
import { subjects } from '#libs/contracts/index.js';
import { trainingJobDefinition, type TrainingJobCommand } from '#libs/domain/index.js';
import { AggregateStore, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { isoTime, randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta, signToken } from '#libs/nest/index.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { startApiWorld, type ApiWorld } from '../api/api-world.js';

const secret = 'training-api-tests: a secret of more than 32 characters';

const pipelineConfig = `
training:
  algorithm: random_forest
  validation: { test_size: 0.25 }
  search: { strategy: random, auto_trials: 7 }
  gate: { min_auc: 0.6, not_worse_than_champion: true }
  claim_s: 45
  max_attempts: 3
  allowed_urls: ['https://data.example.org/sets']
  commands:
    sklearn: { command: [python3, train.py], timeout_s: 60 }
    xgboost: { command: [python3, train.py, --boost] }
`;

const modelConfig = `
models:
  configured:
    algorithm: gradient_boosting
    hyperparameters: { n_estimators: 40, learning_rate: 0.2 }
    task: classification
    features: [age, income]
    validation: { cv_folds: 3 }
    gate: { min_accuracy: 0.7 }
    slices: [country]
  outside:
    trainer: command
    command: xgboost
    hyperparameters: { eta: 0.3 }
`;

/** The api with authentication, a configuration of its own and data sets; and the part of a worker, played by the test. */
export interface TrainingWorld extends ApiWorld {
  /** MODELOG_DATASETS_DIR. */
  readonly folder: string;
  readonly operations: JetStreamStore;
  /** Calls as somebody with these roles. */
  readonly as: (actor: string, ...roles: Role[]) => Promise<Record<string, string>>;
  /** Starts a job of the model `loans`, where nothing else is said. @returns its id and sequence */
  readonly start: (body?: object) => Promise<{ job: string; seq: number }>;
  /** What a worker or a process manager says of a job. @returns the sequence of the event */
  readonly say: (job: string, command: TrainingJobCommand) => Promise<number>;
  readonly log: (job: string, ...messages: string[]) => Promise<number[]>;
  readonly trial: (job: string, trial: Partial<RecordedTrial> & { index: number }) => Promise<void>;
}

export const loans = 'age,income,country,defaulted\n31,2000,DE,no\n54,3100,FR,yes\n23,1500,DE,no\n';

export async function startTrainingWorld(): Promise<TrainingWorld> {
  const config = makeFolder('training-config');
  writeFileSync(join(config, 'pipeline_config.yaml'), pipelineConfig);
  writeFileSync(join(config, 'model_config.yaml'), modelConfig);
  const folder = makeFolder('datasets');
  mkdirSync(join(folder, 'bank'));
  writeFileSync(join(folder, 'bank/loans.csv'), loans);
  writeFileSync(join(config, 'secret.csv'), loans);
  symlinkSync(join(config, 'secret.csv'), join(folder, 'bank/link.csv'));
  const as: TrainingWorld['as'] = async (actor, ...roles) => ({
    authorization: `Bearer ${await signToken({ actor, roles, secret, now: Date.now(), validForS: 3_600 })}`,
  });
  const { authorization } = await as('sara', 'scientist');
  const world = await startApiWorld({
    env: { MODELOG_AUTH_SECRET: secret, MODELOG_CONFIG_DIR: config, MODELOG_DATASETS_DIR: folder },
    token: authorization!.slice('Bearer '.length),
  });
  const { connection, events } = world;
  const operations = new JetStreamStore({ connection, stream: 'OPERATIONS' });
  const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: 'SNAPSHOTS' }));
  const store = new AggregateStore({ events, snapshots, clock: systemClock, random: Math.random });

  const start: TrainingWorld['start'] = async (body = {}) => {
    const asked = { model: 'loans', dataset: { uri: 'bank/loans.csv' }, target: 'defaulted', ...body };
    const answer = await world.post('/api/training/start', asked);
    if (answer.status !== 202) throw new Error(`start: ${answer.status} ${answer.text}`);
    return { job: String(answer.body.job_id), seq: Number(answer.body.seq) };
  };
  const say: TrainingWorld['say'] = async (job, command) => {
    const at = Date.now();
    const meta = commandMeta({ actor: 'system:training', call: 'say', target: job, body: command, at, ids: randomIds });
    const outcome = await store.execute(trainingJobDefinition, job, command, meta);
    if (!outcome.ok) throw new Error(`${command.type}: ${outcome.rejection.detail}`);
    return outcome.value.seq;
  };
  const publish = async (subject: string, data: unknown): Promise<number> => {
    const message = { subject, headers: {}, data: Buffer.from(JSON.stringify(data)) };
    return (await operations.publish(message)).seq;
  };
  const log: TrainingWorld['log'] = async (job, ...messages) => {
    const seqs: number[] = [];
    for (const message of messages) {
      const line: JobLogLine = { at: isoTime(Date.now()), stage: 'train', level: 'info', message, worker: 'worker-1' };
      seqs.push(await publish(subjects.jobLog(job), line));
    }
    return seqs;
  };
  const trial: TrainingWorld['trial'] = async (job, given) => {
    const told: RecordedTrial = {
      ...{
        algorithm: 'random_forest',
        hyperparameters: {},
        budget: 1,
        status: 'completed',
        score: 0.5,
        fold_scores: [],
      },
      ...{ error: null, duration_s: 1, at: isoTime(Date.now()), worker: 'worker-1', ...given },
    };
    await publish(subjects.trials(job), told);
  };
  return Object.assign(Object.create(world) as ApiWorld, { folder, operations, as, start, say, log, trial });
}

/** What a worker calls itself. */
export const worker = { worker: 'worker-1', incarnation: '6f1c2d3e-4b5a-4c6d-8e7f-90a1b2c3d4e5' } as const;

const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;

/** What stages leave, one for each. */
export const results = {
  ingest: {
    ...{ stage: 'ingest', digest: digest('01'), format: 'csv', bytes: 90, rows: 3, profile: digest('02') },
    schema: { columns: [{ name: 'age', type: 'integer', nullable: false }] },
  },
  validate: {
    ...{ stage: 'validate', task: 'classification', classes: ['no', 'yes'], features: ['age'] },
    pipeline: [{ type: 'numeric', columns: ['age'], impute: 'none', indicator: false, scale: 'none' }],
    warnings: [
      { check: 'row_count', severity: 'warning', column: null, message: 'few rows', rows: 3, examples: [0, 1, 2] },
    ],
    more_warnings: 0,
  },
  train: {
    ...{ stage: 'train', artifact: digest('03'), size: 1000, algorithm: 'random_forest' },
    ...{ hyperparameters: { n_estimators: 10 }, feature_names: ['age'], nullable: [], record: digest('04') },
  },
  evaluate: {
    stage: 'evaluate',
    metrics: { accuracy: 0.75, roc_auc: 0.875 },
    report: digest('05'),
    worse_than_champion: null,
  },
  package: {
    stage: 'package',
    baseline: { artifact: digest('06'), format: 'modelog.baseline+json' },
    signature: {
      inputs: [{ name: 'age', type: 'float32', shape: [null, 1] }],
      outputs: [{ name: 'label', type: 'string', shape: [null], role: 'label' }],
      features: [{ name: 'age', type: 'float32', nullable: false, input: 'age', index: 0 }],
    },
    gate: { passed: true, reasons: [] },
  },
} as const satisfies { readonly [Stage in StageResult['stage']]?: unknown };

export const finish = (claim: number, result: (typeof results)[keyof typeof results]): TrainingJobCommand => ({
  ...{ type: 'FinishStage', claim, duration_s: 2 },
  result: structuredClone(result) as unknown as StageResult,
});
