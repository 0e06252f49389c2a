import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  configurationFiles,
  eventCatalogue,
  type ModelEvent,
  type Rejection,
  type Signature,
} from '#libs/contracts/index.js';
import { laterBy, type Result } from '#libs/kernel/index.js';
import type { ModelCommand, PromotionPolicies } from './commands.js';
import { approvalMarginMs } from './policy.js';
import { modelDefinition, registeredModel } from './registered-model.js';
import { championOf, initialModel, type ModelState } from './state.js';

const model = 'churn';
const signatureOf = (...names: string[]): Signature => ({
  inputs: [{ name: 'X', type: 'float32', shape: [null, names.length] }],
  outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
  features: names.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'X', index })),
});

const policiesOf = (promotion: object = {}): PromotionPolicies =>
  configurationFiles.parse({ pipeline: { registry: { promotion } } }).pipeline.registry.promotion;
const noPolicy = policiesOf();
const reason = 'because';
const start = '2026-11-23T12:00:00.000Z';

const register = (version: string, more: object = {}): ModelCommand => ({
  type: 'RegisterVersion',
  registration: {
    ...{ model, version, artifact: `sha256:${'a'.repeat(64)}`, size: 1, tags: {}, metrics: {}, lineage: {} },
    signature: signatureOf('a'),
    ...more,
  },
});
const promote = (version: string, to: 'staging' | 'production', more: object = {}): ModelCommand => ({
  ...{ type: 'Promote', model, version, to, reason, policies: noPolicy },
  ...more,
});
const approve = (version: string, policies: PromotionPolicies, to?: 'staging' | 'production'): ModelCommand => ({
  ...{ type: 'Approve', model, version, reason, policies },
  ...(to === undefined ? {} : { to }),
});
const evaluate = (version: string, dataset: string, metrics: Record<string, number>): ModelCommand => ({
  type: 'RecordEvaluation',
  model,
  version,
  evaluation: { evaluation_id: '0e0e0e0e-0000-4000-8000-000000000001', dataset, metrics },
});
const rollBack = (to?: string): ModelCommand => ({
  ...{ type: 'RollBack', model, reason },
  ...(to === undefined ? {} : { to }),
});
const archive = (version: string, ...serving: string[]): ModelCommand => ({
  ...{ type: 'Archive', model, version, reason },
  deployments: { serving, seq: 9 },
});
const setAlias = (alias: string, version: string): ModelCommand => ({ type: 'SetAlias', model, alias, version });

/** A model and what was decided on it, one second after the other. */
class Story {
  state: ModelState = initialModel;
  seq = 0;
  outcome: Result<ModelEvent, Rejection> | undefined;

  /** @param after milliseconds from the start; default: the number of the event in seconds */
  by(actor: string, command: ModelCommand, after = 1_000 * this.seq): this {
    const at = laterBy(start, after);
    this.outcome = registeredModel.decide(command, this.state, { actor, at });
    if (this.outcome.ok) {
      this.seq += 1;
      this.state = registeredModel.evolve(this.state, this.outcome.value, { seq: this.seq, actor, at });
    }
    return this;
  }
  all(...commands: ModelCommand[]): this {
    for (const command of commands) {
      this.by('ada', command);
      if (this.outcome?.ok !== true) throw new Error(JSON.stringify(this.outcome));
    }
    return this;
  }
  get stages(): Record<string, string> {
    return Object.fromEntries(this.state.versions.map(({ version, stage }) => [version, stage]));
  }
  get event(): ModelEvent {
    if (this.outcome?.ok !== true) throw new Error(JSON.stringify(this.outcome));
    return this.outcome.value;
  }
  get refusal(): Rejection {
    if (this.outcome?.ok !== false) throw new Error(`accepted: ${JSON.stringify(this.outcome?.value)}`);
    return this.outcome.rejection;
  }
}

/** 1.0.0 to n.0.0, of which the named ones were champions in this order. */
const crowned = (versions: number, ...champions: string[]): Story => {
  const story = new Story();
  for (let n = 1; n <= versions; n++) story.all(register(`${n}.0.0`));
  for (const version of champions)
    story.all(
      ...(story.stages[version] === 'development' ? [promote(version, 'staging')] : []),
      promote(version, 'production'),
    );
  return story;
};

describe('promotion', () => {
  it('demotes the former champion by the same event', () => {
    const story = crowned(2, '1.0.0', '2.0.0');
    expect(story.event).toMatchObject({
      type: 'VersionPromoted',
      data: { version: '2.0.0', from: 'staging', to: 'production', demoted: '1.0.0' },
    });
    expect(story.stages).toEqual({ '1.0.0': 'staging', '2.0.0': 'production' });
    expect(story.by('ada', promote('1.0.0', 'production')).event).toMatchObject({ data: { demoted: '2.0.0' } });
  });

  it('goes through the stages in order', () => {
    const story = crowned(1);
    expect(story.by('ada', promote('1.0.0', 'production')).refusal).toMatchObject({ code: 'stage_order' });
    story.all(promote('1.0.0', 'staging'));
    expect(story.by('ada', promote('1.0.0', 'staging')).refusal).toMatchObject({ code: 'no_change' });
    story.all(promote('1.0.0', 'production'));
    expect(story.by('ada', promote('champion', 'production')).refusal).toMatchObject({ code: 'no_change' });
    expect(story.by('ada', promote('1.0.0', 'staging')).refusal).toMatchObject({ code: 'stage_order' });
  });

  it('names the champion to whom saw another one', () => {
    const story = crowned(2, '1.0.0').all(promote('2.0.0', 'staging'));
    expect(story.by('ada', promote('2.0.0', 'production', { ifChampion: '2.0.0' })).refusal).toMatchObject({
      code: 'champion_moved',
      detail: 'the champion of churn is 1.0.0',
      errors: [{ path: 'if_champion' }],
    });
    expect(story.by('ada', promote('2.0.0', 'production', { ifChampion: null })).refusal.code).toBe('champion_moved');
    expect(story.by('ada', promote('2.0.0', 'production', { ifChampion: '1.0.0' })).event.type).toBe('VersionPromoted');
  });

  it.each([
    ['an unknown model', new Story(), promote('1.0.0', 'staging'), 'model_not_found'],
    ['an unknown version', crowned(1), promote('9.0.0', 'staging'), 'version_not_found'],
    ['an unknown alias', crowned(1), promote('candidate', 'staging'), 'alias_not_found'],
    ['a champion where there is none', crowned(1), promote('champion', 'production'), 'alias_not_found'],
    ['an archived version', crowned(1).all(archive('1.0.0')), promote('1.0.0', 'staging'), 'version_archived'],
  ])('refuses %s', (_what, story, command, code) => {
    expect(story.by('ada', command).refusal.code).toBe(code);
  });

  it('refuses a version while it is rejected, and takes it when the same actor approves', () => {
    const story = crowned(1).by('bo', { type: 'Reject', model, version: '1.0.0', reason });
    expect(story.by('ada', promote('1.0.0', 'staging')).refusal).toMatchObject({
      code: 'version_rejected',
      detail: expect.stringContaining('bo') as unknown,
    });
    expect(story.by('cy', approve('1.0.0', noPolicy)).event.type).toBe('VersionApproved');
    expect(story.by('ada', promote('1.0.0', 'staging')).refusal.code).toBe('version_rejected');
    story.by('bo', approve('1.0.0', noPolicy));
    expect(story.by('ada', promote('1.0.0', 'staging')).event.type).toBe('VersionPromoted');
  });
});

describe('the promotion policy', () => {
  const strict = policiesOf({
    staging: {
      approvals: 2,
      approval_valid_h: 1,
      evidence: {
        metrics: [
          { metric: 'auc', min: 0.8 },
          { metric: 'auc', min: 0.9, dataset: 'holdout' },
        ],
        evaluation_on: ['holdout', 'fairness'],
        compatible_signature: true,
      },
    },
  });
  const toStaging = (more: object = {}) => promote('2.0.0', 'staging', { policies: strict, ...more });
  const paths = ({ errors = [] }: Rejection) => errors.map(({ path }) => path);

  it('tells every condition that is not met', () => {
    const story = crowned(1, '1.0.0').by('eve', register('2.0.0', { signature: signatureOf('b') }));
    const refusal = story.by('ada', toStaging()).refusal;
    expect(refusal.code).toBe('policy_not_met');
    expect(paths(refusal)).toEqual([
      'policy.staging.approvals',
      'policy.staging.evidence.evaluation_on',
      'policy.staging.evidence.evaluation_on',
      'policy.staging.evidence.metrics.auc',
      'policy.staging.evidence.metrics.auc',
      'policy.staging.evidence.compatible_signature',
    ]);
    expect(refusal.errors?.[0]?.message).toBe(
      'expected 2 approvals by others than who registered, requested or promotes it, found 0',
    );
  });

  it('is met by approvals, evaluations and metrics, and the event carries what counted', () => {
    const story = crowned(1, '1.0.0')
      .by('eve', register('2.0.0', { metrics: { auc: 0.85 } }))
      .by('eve', evaluate('2.0.0', 'holdout', { auc: 0.5 }))
      .by('eve', evaluate('2.0.0', 'holdout', { auc: 0.91 }))
      .by('eve', evaluate('2.0.0', 'fairness', {}))
      .by('bo', approve('2.0.0', strict))
      .by('cy', approve('2.0.0', strict));
    expect(story.by('ada', toStaging()).event).toMatchObject({
      data: {
        demoted: null,
        evidence: {
          metrics: { auc: 0.85 },
          evaluations: [
            { seq: 6, dataset: 'holdout', metrics: { auc: 0.91 } },
            { seq: 7, dataset: 'fairness' },
          ],
          champion: { version: '1.0.0', compatible: true },
          approvals: [
            { seq: 8, actor: 'bo' },
            { seq: 9, actor: 'cy' },
          ],
        },
      },
    });
  });

  it('holds a bound against the split it names, else against whichever was evaluated last', () => {
    const bounded = (split: object) =>
      policiesOf({ staging: { evidence: { metrics: [{ metric: 'auc', min: 0.8, dataset: 'd', ...split }] } } });
    const evaluated = (split: string, auc: number): ModelCommand => {
      const command = evaluate('1.0.0', 'd', { auc });
      if (command.type !== 'RecordEvaluation') throw new TypeError(command.type);
      return { ...command, evaluation: { ...command.evaluation, split } };
    };
    const story = crowned(1).all(evaluated('test', 0.7), evaluated('train', 0.9));
    const outcome = (policies: PromotionPolicies) =>
      story.by('ada', promote('1.0.0', 'staging', { policies })).outcome?.ok;
    expect(outcome(bounded({ split: 'test' }))).toBe(false);
    expect(story.refusal.errors?.[0]?.message).toBe('expected auc on d, split test at least 0.8, found 0.7');
    expect(outcome(bounded({}))).toBe(true);
  });

  it('is decided on evidence that an event can hold, however much was measured', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`metric ${index}`, index]));
    const story = new Story().all(register('1.0.0', { metrics: many }));
    for (let index = 0; index < 300; index++) story.all(evaluate('1.0.0', `${'é'.repeat(500)} ${index}`, { auc: 0.9 }));
    story.all(evaluate('1.0.0', 'wide', many), evaluate('1.0.0', 'last', { auc: 0.9 }));
    const { data } = story.all(promote('1.0.0', 'staging')).event;
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(500_000);
    expect(data).toMatchObject({ evidence: { evaluations: expect.any(Array) as unknown } });
    const { evidence } = data as {
      evidence: { metrics?: object; evaluations: { dataset: string; metrics?: object }[] };
    };
    expect(evidence.metrics).toBeUndefined();
    expect(evidence.evaluations).toHaveLength(100);
    expect(evidence.evaluations.slice(-2)).toMatchObject([
      { dataset: 'wide' },
      { dataset: 'last', metrics: { auc: 0.9 } },
    ]);
    expect(evidence.evaluations.at(-2)?.metrics).toBeUndefined();
  });

  const fourEyes = policiesOf({ staging: { approvals: 1 } });

  it('takes four eyes: nobody approves what is their own, and the promoter does not count', () => {
    const story = new Story()
      .by('eve', register('1.0.0'))
      .by('dan', { type: 'RequestPromotion', model, version: '1.0.0', reason });
    for (const owner of ['eve', 'dan'])
      expect(story.by(owner, approve('1.0.0', fourEyes)).refusal).toMatchObject({
        code: 'own_request',
        errors: [{ path: 'actor' }],
      });
    story.by('bo', approve('1.0.0', fourEyes));
    const command = promote('1.0.0', 'staging', { policies: fourEyes });
    expect(story.by('bo', command).refusal).toMatchObject({
      code: 'policy_not_met',
      errors: [{ message: expect.stringContaining('bo does not count') as unknown }],
    });
    expect(story.by('dan', command).event.type).toBe('VersionPromoted');
  });

  it('lets who rejected what is their own withdraw that, and still does not count them', () => {
    const policies = policiesOf({ staging: { approvals: 1 } });
    const reject: ModelCommand = { type: 'Reject', model, version: '1.0.0', reason };
    const story = new Story().all(register('1.0.0')).by('ada', reject).by('ada', approve('1.0.0', policies));
    expect(story.event.type).toBe('VersionApproved');
    expect(story.by('eve', promote('1.0.0', 'staging', { policies })).refusal).toMatchObject({
      code: 'policy_not_met',
      detail: expect.stringContaining('found 0, ada does not count'),
    });
    expect(story.by('ada', approve('1.0.0', policies)).refusal.code).toBe('own_request');
    expect(
      story.by('bob', approve('1.0.0', policies)).by('eve', promote('1.0.0', 'staging', { policies })).event,
    ).toMatchObject({
      data: { evidence: { approvals: [{ actor: 'bob' }] } },
    });
  });

  it('takes a request again once the one before was met', () => {
    const request: ModelCommand = { type: 'RequestPromotion', model, version: '2.0.0', to: 'production', reason };
    const story = crowned(2, '1.0.0').all(promote('2.0.0', 'staging'), request);
    expect(story.by('ada', request).refusal.code).toBe('no_change');
    story.all(promote('2.0.0', 'production'), rollBack());
    expect(story.by('ada', request).event.type).toBe('PromotionRequested');
    expect(story.by('ada', request).refusal.code).toBe('no_change');
  });

  it('takes two eyes where it says so', () => {
    const alone = policiesOf({ staging: { approvals: 1, four_eyes: false } });
    const story = crowned(1).by('ada', approve('1.0.0', alone));
    expect(story.by('ada', promote('1.0.0', 'staging', { policies: alone })).event.type).toBe('VersionPromoted');
  });

  it('counts an approval only as long as it outlives the decision by the margin', () => {
    const hour = 3_600_000;
    const policies = policiesOf({ staging: { approvals: 1, approval_valid_h: 1 } });
    const approved = () => crowned(1).by('bo', approve('1.0.0', policies), 0);
    const command = promote('1.0.0', 'staging', { policies });
    expect(approved().by('dan', command, hour - approvalMarginMs - 1).event.type).toBe('VersionPromoted');
    expect(approved().by('dan', command, hour - approvalMarginMs).refusal).toMatchObject({
      errors: [{ message: expect.stringContaining('has expired') as unknown }],
    });
    expect(approved().by('bo', approve('1.0.0', policies), 5).refusal.code).toBe('no_change');
    expect(approved().by('bo', approve('1.0.0', policies), hour).event.type).toBe('VersionApproved');
  });
});

describe('rollback', () => {
  it('returns to the champion before, again and again, until there is none', () => {
    const story = crowned(3, '1.0.0', '2.0.0', '3.0.0');
    expect(story.by('ada', rollBack()).event).toMatchObject({ data: { version: '2.0.0', former: '3.0.0' } });
    expect(story.stages).toEqual({ '1.0.0': 'staging', '2.0.0': 'production', '3.0.0': 'staging' });
    expect(story.by('ada', rollBack()).event).toMatchObject({ data: { version: '1.0.0', former: '2.0.0' } });
    expect(story.by('ada', rollBack()).refusal.code).toBe('nothing_to_roll_back');
  });

  it('returns to a named one, and only to one that was champion', () => {
    const story = crowned(4, '1.0.0', '2.0.0', '3.0.0');
    expect(story.by('ada', rollBack('4.0.0')).refusal).toMatchObject({
      code: 'nothing_to_roll_back',
      errors: [{ path: 'to', message: 'expected one of 1.0.0, 2.0.0; others are promoted' }],
    });
    expect(story.by('ada', rollBack('3.0.0')).refusal.code).toBe('no_change');
    expect(story.by('ada', rollBack('9.0.0')).refusal.code).toBe('version_not_found');
    expect(story.by('ada', rollBack('1.0.0')).event).toMatchObject({ data: { version: '1.0.0', former: '3.0.0' } });
  });

  it('takes from the approvals of the version it leaves what they counted for', () => {
    const policies = policiesOf({ production: { approvals: 1 } });
    const story = crowned(2, '1.0.0')
      .all(promote('2.0.0', 'staging'))
      .by('bo', approve('2.0.0', policies))
      .by('dan', promote('2.0.0', 'production', { policies }))
      .by('ada', rollBack());
    const again = promote('2.0.0', 'production', { policies });
    expect(story.by('dan', again).refusal).toMatchObject({
      errors: [{ message: expect.stringContaining('that of bo was given before the rollback at') as unknown }],
    });
    expect(story.by('bo', approve('2.0.0', policies)).event.type).toBe('VersionApproved');
    expect(story.by('dan', again).event.type).toBe('VersionPromoted');
  });

  it('passes over former champions that are archived or rejected', () => {
    const story = crowned(4, '1.0.0', '2.0.0', '3.0.0', '4.0.0')
      .all(archive('3.0.0'))
      .by('bo', { type: 'Reject', model, version: '2.0.0', to: 'production', reason });
    expect(story.by('ada', rollBack('3.0.0')).refusal.code).toBe('version_archived');
    expect(story.by('ada', rollBack('2.0.0')).refusal.code).toBe('version_rejected');
    expect(story.by('ada', rollBack()).event).toMatchObject({ data: { version: '1.0.0' } });
  });

  it.each([
    ['an unknown model', new Story(), 'model_not_found'],
    ['a model without a champion', crowned(1), 'nothing_to_roll_back'],
    ['a first champion', crowned(1, '1.0.0'), 'nothing_to_roll_back'],
    ['only archived ones before', crowned(2, '1.0.0', '2.0.0').all(archive('1.0.0')), 'nothing_to_roll_back'],
  ])('refuses %s', (_what, story, code) => {
    expect(story.by('ada', rollBack()).refusal.code).toBe(code);
  });
});

describe('aliases', () => {
  it('name a version until they move, are removed, or it is archived', () => {
    const story = crowned(2).all(setAlias('candidate', '1.0.0'));
    expect(story.by('ada', setAlias('candidate', 'candidate')).refusal.code).toBe('no_change');
    expect(story.by('ada', setAlias('candidate', '2.0.0')).event).toMatchObject({ data: { former: '1.0.0' } });
    story.all(setAlias('constructor', 'candidate'));
    expect(story.by('ada', archive('candidate')).event).toMatchObject({
      data: { version: '2.0.0', aliases: ['candidate', 'constructor'], deployments_seq: 9 },
    });
    expect(story.state.aliases).toEqual({});
    expect(story.by('ada', setAlias('candidate', '2.0.0')).refusal.code).toBe('version_archived');
    expect(story.by('ada', { type: 'RemoveAlias', model, alias: 'candidate' }).refusal.code).toBe('alias_not_found');
  });

  it('do not move the champion', () => {
    const story = crowned(2, '1.0.0');
    expect(story.by('ada', setAlias('champion', '2.0.0')).refusal.code).toBe('alias_reserved');
    expect(story.by('ada', { type: 'RemoveAlias', model, alias: 'champion' }).refusal.code).toBe('alias_reserved');
  });
});

describe('archiving', () => {
  it('spares what is in use', () => {
    const story = crowned(2, '1.0.0');
    expect(story.by('ada', archive('1.0.0')).refusal.code).toBe('version_in_use');
    expect(story.by('ada', archive('2.0.0', 'checkout', 'shop')).refusal).toMatchObject({
      code: 'version_in_use',
      detail: 'churn@2.0.0 is served by checkout, shop',
    });
    story.all(archive('2.0.0'));
    expect(story.by('ada', archive('2.0.0')).refusal.code).toBe('no_change');
    expect(story.by('bo', approve('2.0.0', noPolicy)).refusal.code).toBe('version_archived');
  });
});

describe('what is told of a version', () => {
  it('changes by tags that are set and removed, and a description', () => {
    const annotate = (more: object): ModelCommand => ({ type: 'Annotate', model, version: '1.0.0', ...more });
    const story = new Story().all(register('1.0.0', { tags: { team: 'a', tier: '1' } }));
    expect(story.by('ada', annotate({ tags: { team: 'b', tier: null, new: '' } })).event).toMatchObject({
      data: { tags: { team: 'b', new: '' }, description: null },
    });
    expect(story.by('ada', annotate({ tags: { team: 'b', tier: null } })).refusal.code).toBe('no_change');
    expect(story.by('ada', annotate({ description: 'x' })).event).toMatchObject({
      data: { tags: { team: 'b', new: '' }, description: 'x' },
    });
    expect(story.by('ada', annotate({ description: null })).event).toMatchObject({ data: { description: null } });
  });

  it('cannot be that it descends from itself', () => {
    for (const parent of ['1.0.0', 'churn@1.0.0'])
      expect(new Story().by('ada', register('1.0.0', { lineage: { parent_version: parent } })).refusal).toMatchObject({
        code: 'lineage_cycle',
      });
  });
});

describe('any sequence of commands', () => {
  const versions = ['1.0.0', '2.0.0', '3.0.0', '9.0.0'];
  const selector = fc.constantFrom(...versions, 'champion', 'candidate');
  const to = fc.constantFrom('staging' as const, 'production' as const);
  const policies = fc.constantFrom(
    noPolicy,
    policiesOf({ production: { approvals: 1, approval_valid_h: 0.01 }, staging: { approvals: 1, four_eyes: false } }),
  );
  const command: fc.Arbitrary<ModelCommand> = fc.oneof(
    fc.constantFrom(...versions.slice(0, 3)).map((version) => register(version)),
    fc.record({
      type: fc.constant('Promote' as const),
      model: fc.constant(model),
      version: selector,
      to,
      reason: fc.constant(reason),
      policies,
    }),
    fc.tuple(selector, policies, to).map(([version, policy, stage]) => approve(version, policy, stage)),
    fc.tuple(selector, to).map(([version, stage]) => ({ type: 'Reject', model, version, to: stage, reason }) as const),
    fc.option(selector, { nil: undefined }).map(rollBack),
    selector.map((version) => setAlias('candidate', version)),
    selector.map((version) => archive(version)),
  );
  const step = fc.record({
    command,
    actor: fc.constantFrom('ada', 'bo', 'cy'),
    pause: fc.constantFrom(0, 1_000, 60_000),
  });

  it('leaves one champion from the first on, never archived, and every event can be stored', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const story = new Story();
        let [at, began] = [0, false];
        for (const { command: each, actor, pause } of steps) {
          const before = structuredClone(story.state);
          story.by(actor, each, (at += pause));
          if (story.outcome?.ok !== true) {
            expect(story.state).toEqual(before);
            continue;
          }
          const { type, data } = story.event;
          expect(eventCatalogue.get(type)!.schema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
          const inProduction = story.state.versions.filter(({ stage }) => stage === 'production');
          began ||= type === 'VersionPromoted' && data.to === 'production';
          expect(inProduction.map(({ version }) => version)).toEqual(began ? [championOf(story.state)] : []);
          expect(inProduction.some(({ archived }) => archived)).toBe(false);
          const archived = story.state.versions.filter((each) => each.archived).map(({ version }) => version);
          for (const named of Object.values(story.state.aliases)) expect(archived).not.toContain(named);
        }
        const stored: unknown = JSON.parse(JSON.stringify(modelDefinition.snapshot.encode(story.state)));
        expect(modelDefinition.snapshot.decode(stored)).toEqual(story.state);
      }),
      { numRuns: 300 },
    );
  });
});
