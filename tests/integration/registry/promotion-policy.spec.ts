/** The two policies that ship, and what each of their keys does to a promotion. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import type { PromotionPolicy, PromotionTarget, Signature } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand, type PromotionPolicies } from '#libs/domain/index.js';
import { entityIdOf, laterBy } from '#libs/kernel/index.js';
import { requireConfiguration } from '#libs/nest/index.js';

const policiesIn = async (directory: string): Promise<PromotionPolicies> => {
  const env = { NATS_URL: 'nats://nowhere', DATABASE_URL: 'postgres://nowhere/x' };
  const { files } = await requireConfiguration({ env, directory: join(rootFolder, directory) });
  return files.pipeline.registry.promotion;
};

const signatureOf = (...names: string[]): Signature => ({
  inputs: [{ name: 'X', type: 'float32', shape: [null, names.length] }],
  outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
  features: names.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'X', index })),
});

/** A candidate on its way past a champion, and who does what. */
interface Story {
  readonly to: PromotionTarget;
  readonly approver: string;
  readonly promoter: string;
  readonly hoursUntilPromotion: number;
  readonly registeredAccuracy: number;
  readonly evaluations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly features: readonly string[];
}

const meetsStrict: Story = {
  to: 'production',
  approver: 'grace',
  promoter: 'otto',
  hoursUntilPromotion: 1,
  registeredAccuracy: 0.95,
  evaluations: { validation: {}, holdout: { accuracy: 0.9, log_loss: 0.3 } },
  features: ['age'],
};
const alone: Story = { ...meetsStrict, approver: 'anna', promoter: 'anna', registeredAccuracy: 0.1, evaluations: {} };

const start = '2026-11-23T12:00:00.000Z';
const lenient: PromotionPolicy = {
  ...{ approvals: 0, four_eyes: false, approval_valid_h: null },
  evidence: { metrics: [], evaluation_on: [], compatible_signature: false },
};
const anything: PromotionPolicies = { staging: lenient, production: lenient };

/** How the promotion ends: `promoted`, or the conditions that are not met. An approval that is refused is not given. */
function outcomeOf(policies: PromotionPolicies, story: Story): string[] | 'promoted' {
  const { decider } = modelDefinition;
  let [state, seq] = [decider.initialState, 0];
  const run = (actor: string, command: ModelCommand, at = start) => {
    const outcome = decider.decide(command, state, { actor, at });
    if (outcome.ok) state = decider.evolve(state, outcome.value, { actor, at, seq: ++seq });
    return outcome;
  };
  const of = { model: 'loans', version: '2.0.0' };
  const register = (version: string, metrics: Record<string, number>, features: readonly string[]): ModelCommand => ({
    type: 'RegisterVersion',
    registration: {
      ...{ model: 'loans', version, artifact: `sha256:${'0'.repeat(64)}`, size: 1, tags: {}, metrics, lineage: {} },
      signature: signatureOf(...features),
    },
  });
  run('anna', register('1.0.0', {}, ['age']));
  for (const to of ['staging', 'production'] as const)
    run('anna', { type: 'Promote', model: 'loans', version: '1.0.0', to, reason: 'first', policies: anything });
  run('anna', register('2.0.0', { accuracy: story.registeredAccuracy }, story.features));
  for (const [dataset, metrics] of Object.entries(story.evaluations)) {
    const evaluation = { evaluation_id: entityIdOf('evaluation', dataset), dataset, metrics };
    run('anna', { type: 'RecordEvaluation', ...of, evaluation });
  }
  if (story.to === 'production')
    run('anna', { type: 'Promote', ...of, to: 'staging', reason: 'on its way', policies: anything });
  run(story.approver, { type: 'Approve', ...of, to: story.to, reason: 'good', policies });
  const promoted = run(
    story.promoter,
    { type: 'Promote', ...of, to: story.to, reason: 'better', policies },
    laterBy(start, story.hoursUntilPromotion * 3_600_000),
  );
  if (promoted.ok) return 'promoted';
  expect(promoted.rejection.code).toBe('policy_not_met');
  return promoted.rejection.errors!.map(({ path }) => path);
}

type Change = (policy: PromotionPolicy) => PromotionPolicy;
const evidence =
  (change: Partial<PromotionPolicy['evidence']>): Change =>
  (policy) => ({ ...policy, evidence: { ...policy.evidence, ...change } });
const withChange = (policies: PromotionPolicies, to: PromotionTarget, change: Change): PromotionPolicies => ({
  ...policies,
  [to]: change(policies[to]),
});

describe('the shipped policy', () => {
  let shipped: PromotionPolicies;
  beforeAll(async () => {
    shipped = await policiesIn('config');
  });

  it.each(['staging', 'production'] as const)('lets one person alone promote to %s', (to) => {
    expect(outcomeOf(shipped, { ...alone, to })).toBe('promoted');
    expect(outcomeOf(shipped, { ...alone, to, features: ['other'] })).toBe('promoted');
  });

  const tightened: [string, Change, Partial<Story>][] = [
    ['approvals', (policy) => ({ ...policy, approvals: 2 }), {}],
    // Where an approval is wanted, one's own counts as shipped.
    ['approvals', (policy) => ({ ...policy, approvals: 1, four_eyes: true }), {}],
    ['approvals', (policy) => ({ ...policy, approvals: 1, approval_valid_h: 1 }), { hoursUntilPromotion: 2 }],
    ['evidence.metrics.accuracy', evidence({ metrics: [{ metric: 'accuracy', min: 0.2 }] }), {}],
    ['evidence.evaluation_on', evidence({ evaluation_on: ['validation'] }), {}],
    ['evidence.compatible_signature', evidence({ compatible_signature: true }), { features: ['other'] }],
  ];
  it.each(tightened)('refuses by %s when that is tightened', (path, change, story) => {
    for (const to of ['staging', 'production'] as const)
      expect(outcomeOf(withChange(shipped, to, change), { ...alone, ...story, to })).toEqual([`policy.${to}.${path}`]);
    const oneApproval = withChange(shipped, 'production', (policy) => ({ ...policy, approvals: 1 }));
    expect(outcomeOf(oneApproval, { ...alone, ...story, hoursUntilPromotion: 1_000 })).toBe('promoted');
  });
});

describe('the strict policy', () => {
  let strict: PromotionPolicies;
  beforeAll(async () => {
    strict = await policiesIn('config/examples/strict');
  });

  it.each(['staging', 'production'] as const)('promotes to %s what meets it, and nothing of one person alone', (to) => {
    expect(outcomeOf(strict, { ...meetsStrict, to })).toBe('promoted');
    expect(outcomeOf(strict, { ...alone, to })).toContain(`policy.${to}.approvals`);
  });

  const holdout = (metrics: Record<string, number>): Partial<Story> => ({
    evaluations: { ...meetsStrict.evaluations, holdout: metrics },
  });
  const without = (dataset: string): Partial<Story> => ({
    evaluations: Object.fromEntries(Object.entries(meetsStrict.evaluations).filter(([name]) => name !== dataset)),
  });
  const conditions: [string, Partial<Story>, string, Change][] = [
    ['the promoter approved', { promoter: 'grace' }, 'approvals', (policy) => ({ ...policy, four_eyes: false })],
    ['its owner approved', { approver: 'anna' }, 'approvals', (policy) => ({ ...policy, four_eyes: false })],
    ['nobody else approved', { approver: 'anna' }, 'approvals', (policy) => ({ ...policy, approvals: 0 })],
    [
      'the approval has expired',
      { hoursUntilPromotion: 24 },
      'approvals',
      (policy) => ({ ...policy, approval_valid_h: null }),
    ],
    [
      'it was registered with too little',
      { registeredAccuracy: 0.89 },
      'evidence.metrics.accuracy',
      evidence({ metrics: [] }),
    ],
    [
      'it did too little on holdout',
      holdout({ accuracy: 0.84, log_loss: 0.3 }),
      'evidence.metrics.accuracy',
      evidence({ metrics: [{ metric: 'accuracy', min: 0.84, dataset: 'holdout' }] }),
    ],
    [
      'it lost too much on holdout',
      holdout({ accuracy: 0.9, log_loss: 0.51 }),
      'evidence.metrics.log_loss',
      evidence({ metrics: [{ metric: 'log_loss', max: 0.51, dataset: 'holdout' }] }),
    ],
    [
      'it was not evaluated on validation',
      without('validation'),
      'evidence.evaluation_on',
      evidence({ evaluation_on: ['holdout'] }),
    ],
    [
      'callers of the champion cannot stay',
      { features: ['age', 'income'] },
      'evidence.compatible_signature',
      evidence({ compatible_signature: false }),
    ],
  ];
  it.each(conditions)('refuses when %s, and promotes without the condition', (_what, story, path, loosened) => {
    const told = { ...meetsStrict, ...story };
    expect(outcomeOf(strict, told)).toEqual([`policy.production.${path}`]);
    expect(outcomeOf(withChange(strict, 'production', loosened), told)).toBe('promoted');
  });

  const ofStaging: [string, Partial<Story>, string, Change][] = [
    ['nobody else approved', { approver: 'anna' }, 'approvals', (policy) => ({ ...policy, approvals: 0 })],
    ['its owner approved', { approver: 'anna' }, 'approvals', (policy) => ({ ...policy, four_eyes: false })],
    [
      'the approval has expired',
      { hoursUntilPromotion: 168 },
      'approvals',
      (policy) => ({ ...policy, approval_valid_h: null }),
    ],
    [
      'it was not evaluated on validation',
      without('validation'),
      'evidence.evaluation_on',
      evidence({ evaluation_on: [] }),
    ],
  ];
  it.each(ofStaging)(
    'refuses for staging when %s, and promotes without the condition',
    (_what, story, path, loosened) => {
      const told: Story = { ...meetsStrict, ...story, to: 'staging' };
      expect(outcomeOf(strict, told)).toEqual([`policy.staging.${path}`]);
      expect(outcomeOf(withChange(strict, 'staging', loosened), told)).toBe('promoted');
    },
  );
});
