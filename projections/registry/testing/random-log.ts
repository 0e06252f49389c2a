/** For specs: a log of models as their own rules would write it, from random commands. */
import fc from 'fast-check';
import { configurationFiles, type ModelEvent, type RecordedEvent } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand, type ModelState } from '#libs/domain/index.js';
import { recordedEvent, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { artifact, signature } from './events.js';

export interface RandomLog {
  readonly records: RecordedEvent<ModelEvent>[];
  /** States of the models after each sequence, by the rules themselves; before the first one none. */
  readonly states: ReadonlyMap<string, ModelState>[];
}

export const models = ['a', 'B'];
export const versions = ['0.9.0', '0.10.0', '1.0.0', '1.1.0'];
export const actors = ['ada', 'grace'];
export const words = ['x', 'X', 'é', ''];
const policies = configurationFiles.parse({ pipeline: {} }).pipeline.registry.promotion;

const version = fc.constantFrom(...versions);
const alias = fc.constantFrom('best', 'next');
const word = fc.constantFrom(...words);
const number = fc.constantFrom(0, 0.5, -1, 7);
const metrics = fc.dictionary(fc.constantFrom('auc', 'f1 score'), number, { maxKeys: 2, noNullPrototype: true });
const to = fc.constantFrom('staging' as const, 'production' as const);

const command: fc.Arbitrary<(model: string, at: number) => ModelCommand> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(version, metrics, word, number).map(registration) },
  fc.tuple(version, word, fc.option(word)).map(([of, tag, description]) => (model: string): ModelCommand => ({
    ...{ type: 'Annotate', model, version: of, tags: { team: tag === '' ? null : tag }, description },
  })),
  fc
    .tuple(version, metrics, fc.constantFrom('test', 'holdout'), fc.boolean())
    .map(([of, found, dataset, split]) => (model: string, at: number): ModelCommand => ({
      ...{ type: 'RecordEvaluation', model, version: of },
      evaluation: { evaluation_id: uuidOf(at), dataset, metrics: found, ...(split ? { split: 'train' } : {}) },
    })),
  fc.tuple(version, to).map(([of, stage]) => (model: string): ModelCommand => ({
    ...{ type: 'RequestPromotion', model, version: of, to: stage, reason: 'please' },
  })),
  fc.tuple(version, to).map(([of, stage]) => (model: string): ModelCommand => ({
    ...{ type: 'Approve', model, version: of, to: stage, reason: 'good', policies },
  })),
  fc.tuple(version, to).map(([of, stage]) => (model: string): ModelCommand => ({
    ...{ type: 'Reject', model, version: of, to: stage, reason: 'bad' },
  })),
  {
    weight: 4,
    arbitrary: fc.tuple(version, to).map(([of, stage]) => (model: string): ModelCommand => ({
      ...{ type: 'Promote', model, version: of, to: stage, reason: 'ready', policies },
    })),
  },
  fc.constant((model: string): ModelCommand => ({ type: 'RollBack', model, reason: 'worse' })),
  fc.tuple(version, alias).map(([of, name]) => (model: string): ModelCommand => ({
    ...{ type: 'SetAlias', model, version: of, alias: name },
  })),
  alias.map((name) => (model: string): ModelCommand => ({ type: 'RemoveAlias', model, alias: name })),
  version.map((of) => (model: string): ModelCommand => ({
    ...{ type: 'Archive', model, version: of, reason: 'old', deployments: { serving: [], seq: 1 } },
  })),
);

function registration([of, found, word, size]: [string, Record<string, number>, string, number]) {
  return (model: string): ModelCommand => ({
    type: 'RegisterVersion',
    registration: {
      ...{ model, version: of, artifact, size: Math.abs(Math.round(size)), signature, metrics: found },
      tags: word === '' ? {} : { team: word, place: 'here' },
      hyperparameters: { depth: size, kind: word, shuffled: size > 0 },
      lineage: word === '' ? {} : { dataset: `data ${word}` },
      ...(word === '' ? {} : { description: word, task: 'regression' }),
    },
  });
}

/** Commands of which the rules refuse some: the log has the others' events. */
export const randomLog = (commands: {
  readonly minLength: number;
  readonly maxLength: number;
}): fc.Arbitrary<RandomLog> =>
  fc
    .array(fc.tuple(fc.constantFrom(...models), command, fc.constantFrom(...actors)), commands)
    .map((asked) => decided(asked));

function decided(asked: readonly [string, (model: string, at: number) => ModelCommand, string][]): RandomLog {
  const { decider } = modelDefinition;
  const records: RecordedEvent<ModelEvent>[] = [];
  const states: ReadonlyMap<string, ModelState>[] = [new Map()];
  for (const [model, make, actor] of asked) {
    const seq = records.length + 1;
    const before = states.at(-1)!;
    const state = before.get(model) ?? decider.initialState;
    const { meta } = recordedEvent(
      seq,
      { type: 'ConfigurationApplied', data: { digest: artifact, content: {} } },
      { actor },
    );
    const decision = decider.decide(make(model, seq), state, meta);
    if (!decision.ok) continue;
    records.push(recordedEvent(seq, decision.value, { actor }) as RecordedEvent<ModelEvent>);
    states.push(new Map(before).set(model, decider.evolve(state, decision.value, { seq, actor, at: meta.at })));
  }
  return { records, states };
}
