/** Random commands on a few models and deployments, so few that they meet each other. */
import fc from 'fast-check';
import { configurationFiles, isVersion, type Signature } from '#libs/contracts/index.js';
import {
  deploymentDefinition,
  findVersion,
  modelDefinition,
  type DeploymentCommand,
  type DeploymentState,
  type ModelCommand,
} from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { entityIdOf, type IdSource } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';

/** What one step asks for; what it needs to know of the log is read when it is carried out. */
export type Step = { readonly actor: string } & (
  | { readonly kind: 'model'; readonly model: string; readonly command: ModelCommand }
  | {
      readonly kind: 'deploy';
      readonly deployment: string;
      readonly model: string;
      readonly selector: string;
      readonly recording: 'acknowledged' | 'unacknowledged';
      readonly strategy: 'direct' | 'blue_green';
    }
  | {
      readonly kind: 'follow' | 'prepare' | 'live' | 'fail' | 'retire' | 'roll_back' | 'release' | 'crash';
      readonly deployment: string;
    }
);

export const modelNames = ['a', 'B b', 'z-1'];
export const deploymentNames = ['d', 'e'];
const versions = ['1.0.0', '1.1.0', '2.0.0'];
const actors = ['ada', 'bo', 'cy'];

export const signatureOf = (...names: string[]): Signature => ({
  inputs: [{ name: 'X', type: 'float32', shape: [null, names.length] }],
  outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
  features: names.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'X', index })),
});
const signatures = [signatureOf('a'), signatureOf('a', 'b')];

const noPolicies = configurationFiles.parse({ pipeline: {} }).pipeline.registry.promotion;
const oneApproval = configurationFiles.parse({
  pipeline: { registry: { promotion: { production: { approvals: 1, approval_valid_h: 1, four_eyes: false } } } },
}).pipeline.registry.promotion;

const metric = fc.constantFrom(0, 0.5, 0.75, 0.9, 1, -3, 1e300);
const metrics = fc.dictionary(fc.constantFrom('auc', 'f1 score', 'loss'), metric);
const tags = fc.dictionary(fc.constantFrom('team', 'data center', 'é'), fc.constantFrom('', 'x', "it's", 'Z', 'é'));
const selector = fc.constantFrom(...versions, 'champion', 'candidate', 'old');
const to = fc.constantFrom('staging' as const, 'production' as const);
const artifact = fc.constantFrom('a', 'b').map((letter) => `sha256:${letter.repeat(64)}`);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Members that are undefined are left out: commands are recorded as JSON. */
const given = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

const registration = (model: string) =>
  fc
    .record({
      version: fc.constantFrom(...versions),
      artifact,
      metrics,
      tags,
      hyperparameters: optional(
        fc.dictionary(
          fc.constantFrom('depth', 'kernel'),
          fc.constantFrom<number | string | boolean | null>(3, 'rbf', true, null),
        ),
      ),
      description: optional(fc.constantFrom('churn', 'Ωmega')),
      task: optional(fc.constantFrom('classification')),
      signature: fc.constantFrom(...signatures),
      size: fc.constantFrom(10, 2 ** 40),
      lineage: fc
        .record({
          dataset: optional(fc.constantFrom('loans@1', 'loans@2')),
          training_job: optional(fc.constantFrom('job-1')),
          source: optional(fc.constantFrom('git')),
          parent_version: optional(fc.constantFrom('1.0.0', 'a@1.0.0', 'B b@2.0.0', 'gone@1.0.0')),
        })
        .map(given),
    })
    .map((data): ModelCommand => ({ type: 'RegisterVersion', registration: given({ model, ...data }) }));

const evaluation = (model: string) =>
  fc
    .record({
      version: selector,
      evaluation_id: fc.uuid(),
      dataset: fc.constantFrom('holdout', 'fairness'),
      split: optional(fc.constantFrom('test')),
      metrics,
    })
    .map(({ version, ...data }): ModelCommand => ({
      type: 'RecordEvaluation',
      model,
      version,
      evaluation: given(data),
    }));

const reason = 'because';
const modelCommand = (model: string): fc.Arbitrary<ModelCommand> =>
  fc.oneof(
    { weight: 2, arbitrary: registration(model) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(selector, to, fc.constantFrom(noPolicies, noPolicies, oneApproval))
        .map(
          ([version, stage, policies]) => ({ type: 'Promote', model, version, to: stage, reason, policies }) as const,
        ),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(selector, optional(to))
        .map(([version, stage]) =>
          given({ type: 'Approve', model, version, to: stage, reason, policies: oneApproval } as const),
        ),
    },
    { weight: 2, arbitrary: evaluation(model) },
    fc
      .tuple(selector, optional(to))
      .map(([version, stage]) => given({ type: 'Reject', model, version, to: stage, reason } as const)),
    fc
      .tuple(selector, optional(to))
      .map(([version, stage]) => given({ type: 'RequestPromotion', model, version, to: stage, reason } as const)),
    optional(selector).map((target) => given({ type: 'RollBack', model, to: target, reason } as const)),
    fc
      .tuple(fc.constantFrom('candidate', 'old'), selector)
      .map(([alias, version]) => ({ type: 'SetAlias', model, alias, version }) as const),
    fc.constantFrom('candidate', 'old').map((alias) => ({ type: 'RemoveAlias', model, alias }) as const),
    selector.map(
      (version) => ({ type: 'Archive', model, version, reason, deployments: { serving: [], seq: 1 } }) as const,
    ),
    fc
      .tuple(
        selector,
        optional(fc.dictionary(fc.constantFrom('team', 'é'), fc.constantFrom('y', null))),
        optional(fc.constantFrom('new', null)),
      )
      .map(([version, changed, description]) =>
        given({ type: 'Annotate', model, version, tags: changed, description } as const),
      ),
  );

const actor = fc.constantFrom(...actors);
const deployment = fc.constantFrom(...deploymentNames);
const modelName = fc.constantFrom(...modelNames);

const founded = (model: string, version: string, signature: Signature): Step => ({
  ...{ kind: 'model', actor: 'ada', model },
  command: {
    type: 'RegisterVersion',
    registration: {
      ...{ model, version, signature, artifact: `sha256:${'a'.repeat(64)}`, size: 10, tags: {}, lineage: {} },
      metrics: { auc: 0.75 },
    },
  },
});
const promoted = (model: string, version: string, target: 'staging' | 'production'): Step => ({
  ...{ kind: 'model', actor: 'ada', model },
  command: { type: 'Promote', model, version, to: target, reason, policies: noPolicies },
});

/** Two models with a champion that a deployment follows, and a third of which there is nothing yet. */
export const founding: readonly Step[] = modelNames.slice(0, 2).flatMap((model, index) => [
  founded(model, '1.0.0', signatures[0]!),
  founded(model, '1.1.0', signatures[1]!),
  promoted(model, '1.0.0', 'staging'),
  promoted(model, '1.1.0', 'staging'),
  promoted(model, '1.0.0', 'production'),
  {
    ...{ kind: 'deploy', actor: 'ada', deployment: deploymentNames[index]!, model },
    ...{ selector: 'champion', recording: 'acknowledged', strategy: 'direct' },
  },
  { kind: 'live', actor: 'ada', deployment: deploymentNames[index]! },
]);

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: modelName.chain((model) =>
      fc.record({
        kind: fc.constant('model' as const),
        actor,
        model: fc.constant(model),
        command: modelCommand(model),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('deploy' as const), actor, deployment, model: modelName, selector },
      recording: fc.constantFrom('acknowledged' as const, 'unacknowledged' as const),
      strategy: fc.constantFrom('direct' as const, 'blue_green' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['follow', 'prepare', 'live', 'live', 'fail', 'retire', 'roll_back', 'release', 'crash'] as const),
      ),
      actor,
      deployment,
    }),
  },
);

/** Carries a step out as the handlers do: load what it rests on, decide, append. A refusal leaves nothing. */
export async function carryOut(store: AggregateStore, step: Step, at: number, ids: IdSource): Promise<void> {
  const meta = commandMeta({ actor: step.actor, call: step.kind, target: 'x', body: step, at, ids });
  if (step.kind === 'model') {
    await store.execute(modelDefinition, step.model, step.command, meta);
    return;
  }
  const { state } = await store.load(deploymentDefinition, step.deployment, { consistency: 'leader' });
  const command = await deploymentCommand(store, step, state, meta.commandId);
  if (command !== undefined) await store.execute(deploymentDefinition, step.deployment, command, meta);
}

async function deploymentCommand(
  store: AggregateStore,
  step: Exclude<Step, { kind: 'model' }>,
  state: DeploymentState,
  commandId: string,
): Promise<DeploymentCommand | undefined> {
  const { deployment: name } = step;
  const pending = state.pending?.rollout_id ?? entityIdOf('rollout', 'none');
  switch (step.kind) {
    case 'live':
      return { type: 'MarkLive', deployment: name, rollout_id: pending, instances: [{ instance: 'i', load_ms: 1 }] };
    case 'prepare':
      return {
        type: 'MarkPrepared',
        deployment: name,
        rollout_id: pending,
        instances: [{ instance: 'i', load_ms: 1 }],
      };
    case 'roll_back': {
      const former = state.former && { rolloutId: state.former.rollout_id, archived: false };
      const { model, version } = state.former ?? { model: 'a', version: '1.0.0' };
      // Who is cautious says where to: after a rollback only that is taken.
      const to = step.actor === 'ada' ? {} : { to: { model, version, selector: version } };
      return { type: 'RollBack', deployment: name, reason, seen: former, ...to };
    }
    case 'release': {
      // The time of a rollout runs out before a rollback as well as after it.
      const rollout = step.actor === 'bo' ? (state.former ?? state.live) : state.live;
      return { type: 'ReleaseFormer', deployment: name, rollout_id: rollout?.rollout_id ?? pending };
    }
    case 'crash': {
      const rollout = step.actor === 'bo' ? (state.former ?? state.pending ?? state.live) : state.live;
      return {
        ...{ type: 'ReportCrash', deployment: name, rollout_id: rollout?.rollout_id ?? pending },
        ...{ instance: 'i', epoch: commandId, cause: 'SIGSEGV', breaker: { crashes: 2, withinS: 60 } },
      };
    }
    case 'fail':
      return { type: 'MarkFailed', deployment: name, rollout_id: pending, code: 'load_timeout', reason };
    case 'retire':
      return { type: 'Retire', deployment: name, reason };
    case 'deploy': {
      const { state: model, seq } = await store.load(modelDefinition, step.model, { consistency: 'leader' });
      const found = findVersion(model, step.selector);
      return {
        ...{ type: 'Deploy', commandId, deployment: name, recording: step.recording },
        strategy: { type: step.strategy },
        model: {
          ...{ name: step.model, seq, selector: step.selector },
          ...(!isVersion(step.selector) && step.selector === 'champion' ? { championSeq: model.champion_seq } : {}),
          ...(found === undefined ? {} : { state: found }),
        },
        defaults: {
          environment: 'development',
          recording: 'acknowledged',
          loadTimeoutS: 60,
          blueGreen: { warmupRequests: 3, keepOldS: 60 },
        },
      };
    }
    case 'follow': {
      const followed = (state.pending ?? state.live)?.model ?? 'a';
      const { state: model, seq } = await store.load(modelDefinition, followed, { consistency: 'leader' });
      const champion = findVersion(model, 'champion');
      return champion === undefined
        ? undefined
        : {
            ...{ type: 'Follow', commandId, deployment: name, loadTimeoutS: 60 },
            champion: { model: followed, modelSeq: seq, seq: model.champion_seq, state: champion },
            compared: state.live && { rolloutId: state.live.rollout_id, compatible: step.actor !== 'cy' },
          };
    }
  }
}

/** A clock of the log's own: every step some seconds later. */
export const instantOf = (index: number): number => Date.parse('2026-11-23T12:00:00Z') + 7_000 * index;
