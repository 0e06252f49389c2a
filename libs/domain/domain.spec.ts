import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventCatalogue, type DeploymentEvent, type ModelEvent, type Signature } from '#libs/contracts/index.js';
import { entityIdOf, uuidv5, type Decider } from '#libs/kernel/index.js';
import {
  compareVersions,
  deploymentDefinition,
  findVersion,
  isCompatible,
  modelDefinition,
  nextVersion,
} from './index.js';
import type { DeploymentCommand, ModelCommand, ModelState } from './index.js';

const signatureOf = (...names: string[]): Signature => ({
  inputs: [{ name: 'X', type: 'float32', shape: [null, names.length] }],
  outputs: [{ name: 'label', type: 'int64', shape: [null], role: 'label' }],
  features: names.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'X', index })),
  classes: [0, 1],
});
const digest = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

const register = (artifact: number, signature: Signature, version?: string): ModelCommand => ({
  type: 'RegisterVersion',
  registration: {
    model: 'churn',
    artifact: digest(artifact),
    size: 1,
    tags: {},
    metrics: {},
    signature,
    lineage: {},
    ...(version === undefined ? {} : { version }),
  },
});

/** Runs commands against a decider; gives each outcome, and the states before and after it. */
function play<C, S, E extends { type: string; data: unknown }, R>(
  decider: Decider<C, S, E, R>,
  commands: readonly C[],
) {
  let state = decider.initialState;
  return commands.map((command) => {
    const before = state;
    const outcome = decider.decide(command, before);
    if (outcome.ok) state = decider.evolve(before, outcome.value);
    return { command, before, outcome, after: state };
  });
}

const expectStorable = (event: { type: string; data: unknown }) => {
  const schema = eventCatalogue.get(event.type)!.schema;
  expect(schema.parse(JSON.parse(JSON.stringify(event.data)))).toEqual(event.data);
};

describe('version policy', () => {
  it('gives the next minor for a compatible signature and the next major for another', () => {
    const versions = [
      { version: '1.9.0', signature: signatureOf('a', 'b') },
      { version: '1.10.3', signature: signatureOf('a', 'b') },
    ];
    expect(nextVersion([], signatureOf('a'))).toBe('1.0.0');
    expect(nextVersion(versions, signatureOf('b', 'a'))).toBe('1.11.0');
    expect(nextVersion(versions, signatureOf('a', 'c'))).toBe('2.0.0');
  });
  it('calls a signature that tolerates less incompatible', () => {
    const strict = signatureOf('a');
    const tolerant = { ...strict, features: strict.features.map((feature) => ({ ...feature, nullable: true })) };
    expect(isCompatible(tolerant, strict)).toBe(true);
    expect(isCompatible(strict, tolerant)).toBe(false);
    expect(isCompatible({ ...strict, classes: [0, 1, 2] }, strict)).toBe(false);
  });
  it('orders versions by number', () => {
    expect(['1.10.0', '1.9.9', '2.0.0', '1.9.10'].sort(compareVersions)).toEqual([
      '1.9.9',
      '1.9.10',
      '1.10.0',
      '2.0.0',
    ]);
  });
});

describe('registered model', () => {
  const { decider } = modelDefinition;

  it('refuses a version that exists, whatever its bytes', () => {
    const [, same, other] = play(decider, [
      register(1, signatureOf('a'), '1.0.0'),
      register(1, signatureOf('a'), '1.0.0'),
      register(2, signatureOf('a'), '1.0.0'),
    ]);
    expect(same!.outcome).toMatchObject({
      ok: false,
      rejection: { code: 'version_exists', detail: expect.stringContaining('the same bytes') },
    });
    expect(other!.outcome).toMatchObject({
      ok: false,
      rejection: { code: 'version_exists', detail: expect.stringContaining('other bytes') },
    });
  });

  it('after any commands: versions are unique, bytes never change, every event can be stored, snapshots are whole', () => {
    const anyVersion = fc.option(fc.constantFrom('1.0.0', '1.1.0', '2.0.0', '0.0.1'), { nil: undefined });
    const anyCommand = fc
      .tuple(fc.nat(3), fc.constantFrom(signatureOf('a'), signatureOf('a', 'b')), anyVersion)
      .map(([artifact, signature, version]) => register(artifact, signature, version));
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 20 }), (commands) => {
        for (const { outcome, before, after, command } of play(decider, commands)) {
          expect(decider.decide(command, before)).toEqual(outcome);
          if (!outcome.ok) {
            expect(after).toBe(before);
            continue;
          }
          expectStorable(outcome.value satisfies ModelEvent);
          expect(new Set(after.versions.map((each) => each.version)).size).toBe(after.versions.length);
          for (const old of before.versions) expect(findVersion(after, old.version)).toEqual(old);
          expect(
            modelDefinition.snapshot.decode(JSON.parse(JSON.stringify(modelDefinition.snapshot.encode(after)))),
          ).toEqual(after);
        }
      }),
    );
  });
});

describe('deployment', () => {
  const { decider } = deploymentDefinition;
  const model: ModelState = play(modelDefinition.decider, [
    register(1, signatureOf('a')),
    register(2, signatureOf('a')),
  ]).at(-1)!.after;
  const commandIdOf = (n: number) => uuidv5(uuidv5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'test'), String(n));
  const rolloutIdOf = (n: number) => entityIdOf('rollout', commandIdOf(n));
  const defaults = { environment: 'development', recording: 'acknowledged', loadTimeoutS: 60 } as const;
  const deployOf = (n: number, version: string, more: object = {}): DeploymentCommand => {
    const state = findVersion(model, version);
    return {
      type: 'Deploy',
      commandId: commandIdOf(n),
      deployment: 'churn-live',
      model: { name: 'churn', seq: 7, version, ...(state ? { state } : {}) },
      defaults,
      ...more,
    };
  };
  const live = (n: number): DeploymentCommand => ({
    type: 'MarkLive',
    deployment: 'churn-live',
    rollout_id: rolloutIdOf(n),
    instances: [{ instance: 'serving-0', load_ms: 3 }],
  });
  const failed = (n: number): DeploymentCommand => ({
    type: 'MarkFailed',
    deployment: 'churn-live',
    rollout_id: rolloutIdOf(n),
    code: 'model_cannot_load',
    reason: 'why',
  });
  const retire: DeploymentCommand = { type: 'Retire', deployment: 'churn-live', reason: 'no longer needed' };
  const outcomeOf = (...commands: DeploymentCommand[]) => play(decider, commands).at(-1)!;

  it('moves traffic with DeploymentWentLive only, and keeps it when a rollout fails', () => {
    expect(outcomeOf(deployOf(1, '1.0.0')).after).toMatchObject({ live: null, pending: { version: '1.0.0' } });
    expect(outcomeOf(deployOf(1, '1.0.0'), live(1)).after).toMatchObject({ live: { version: '1.0.0' }, pending: null });
    const { after } = outcomeOf(deployOf(1, '1.0.0'), live(1), deployOf(2, '1.1.0'), failed(2));
    expect(after).toMatchObject({ live: { version: '1.0.0' }, pending: null });
  });

  it('records the position of the model that it saw', () => {
    expect(outcomeOf(deployOf(1, '1.0.0')).outcome).toMatchObject({
      ok: true,
      value: { data: { model_seq: 7, artifact: digest(1) } },
    });
  });

  it.each<[string, DeploymentCommand[]]>([
    ['model_not_found', [deployOf(1, '1.0.0', { model: { name: 'x', seq: 0, version: '1.0.0' } })]],
    ['version_not_found', [deployOf(1, '9.0.0')]],
    [
      'version_archived',
      [
        deployOf(1, '1.0.0', {
          model: {
            name: 'churn',
            seq: 7,
            version: '1.0.0',
            state: { ...findVersion(model, '1.0.0')!, archived: true },
          },
        }),
      ],
    ],
    ['stage_not_reached', [deployOf(1, '1.0.0', { environment: 'staging' })]],
    ['rollout_in_progress', [deployOf(1, '1.0.0'), deployOf(2, '1.1.0')]],
    ['no_change', [deployOf(1, '1.0.0'), live(1), deployOf(2, '1.0.0')]],
    ['rollout_not_in_progress', [deployOf(1, '1.0.0'), live(2)]],
    ['rollout_not_in_progress', [deployOf(1, '1.0.0'), live(1), failed(1)]],
    ['deployment_not_found', [retire]],
    ['no_change', [deployOf(1, '1.0.0'), live(1), retire, retire]],
  ])('refuses with %s', (code, commands) => {
    const { outcome, before, after } = outcomeOf(...commands);
    expect(outcome).toMatchObject({ ok: false, rejection: { code } });
    expect(after).toBe(before);
  });

  it('keeps its environment', () => {
    const staged = {
      name: 'churn',
      seq: 7,
      version: '1.1.0',
      state: { ...findVersion(model, '1.1.0')!, stage: 'staging' },
    };
    const { outcome } = outcomeOf(
      deployOf(1, '1.0.0'),
      live(1),
      deployOf(2, '1.1.0', { environment: 'staging', model: staged }),
    );
    expect(outcome).toMatchObject({ ok: false, rejection: { code: 'environment_mismatch' } });
  });

  it('changes how predictions are recorded without another version', () => {
    const { outcome } = outcomeOf(deployOf(1, '1.0.0'), live(1), deployOf(2, '1.0.0', { recording: 'unacknowledged' }));
    expect(outcome).toMatchObject({ ok: true, value: { data: { recording: 'unacknowledged' } } });
  });

  it('may be deployed again after it was retired, to another environment', () => {
    const { outcome } = outcomeOf(deployOf(1, '1.0.0'), live(1), retire, deployOf(2, '1.1.0'));
    expect(outcome).toMatchObject({ ok: true, value: { type: 'DeploymentRequested' } });
  });

  it('after any commands: a refusal changes nothing, an event can be stored and is decided the same twice, traffic moves only when it went live', () => {
    const anyCommand = fc.oneof(
      fc
        .tuple(fc.nat(4), fc.constantFrom('1.0.0', '1.1.0', '3.0.0'), fc.constantFrom('acknowledged', 'unacknowledged'))
        .map(([n, version, recording]) => deployOf(n, version, { recording })),
      fc.nat(4).map(live),
      fc.nat(4).map(failed),
      fc.constant(retire),
    );
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => {
        for (const { command, outcome, before, after } of play(decider, commands)) {
          expect(decider.decide(command, before)).toEqual(outcome);
          if (!outcome.ok) {
            expect(after).toBe(before);
            continue;
          }
          expectStorable(outcome.value satisfies DeploymentEvent);
          const moved = JSON.stringify(after.live) !== JSON.stringify(before.live);
          if (moved) expect(['DeploymentWentLive', 'DeploymentRetired']).toContain(outcome.value.type);
          if (outcome.value.type === 'DeploymentWentLive') expect(after.live).toEqual(before.pending);
          expect(
            deploymentDefinition.snapshot.decode(
              JSON.parse(JSON.stringify(deploymentDefinition.snapshot.encode(after))),
            ),
          ).toEqual(after);
        }
      }),
    );
  });
});
