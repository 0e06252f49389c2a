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

const by = { actor: 'ada', at: '2026-11-23T12:00:00.000Z' };

/** Runs commands against a decider; gives each outcome, and the states before and after it. */
function play<C, S, E extends { type: string; data: unknown }, R>(
  decider: Decider<C, S, E, R>,
  commands: readonly C[],
) {
  let state = decider.initialState;
  return commands.map((command, index) => {
    const before = state;
    const outcome = decider.decide(command, before, by);
    if (outcome.ok) state = decider.evolve(before, outcome.value, { ...by, seq: index + 1 });
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
  it('has no next version behind the last number that a version can have', () => {
    const last = register(1, signatureOf('a'), '1.999999999.0');
    const outcome = play(modelDefinition.decider, [last, register(2, signatureOf('a'))]).at(-1)!.outcome;
    expect(outcome).toMatchObject({ rejection: { code: 'invalid_request', errors: [{ path: 'version' }] } });
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
          expect(decider.decide(command, before, by)).toEqual(outcome);
          if (!outcome.ok) {
            expect(after).toBe(before);
            continue;
          }
          expectStorable(outcome.value satisfies ModelEvent);
          expect(new Set(after.versions.map((each) => each.version)).size).toBe(after.versions.length);
          for (const { version } of before.versions)
            expect(findVersion(after, version)).toEqual(findVersion(before, version));
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
  const defaults = {
    environment: 'development',
    recording: 'acknowledged',
    loadTimeoutS: 60,
    blueGreen: { warmupRequests: 3, keepOldS: 60 },
  } as const;
  const deployOf = (n: number, version: string, more: object = {}): DeploymentCommand => {
    const state = findVersion(model, version);
    return {
      type: 'Deploy',
      commandId: commandIdOf(n),
      deployment: 'churn-live',
      model: { name: 'churn', seq: 7, selector: version, ...(state ? { state } : {}) },
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
    ['model_not_found', [deployOf(1, '1.0.0', { model: { name: 'x', seq: 0, selector: '1.0.0' } })]],
    ['version_not_found', [deployOf(1, '9.0.0')]],
    [
      'version_archived',
      [
        deployOf(1, '1.0.0', {
          model: {
            name: 'churn',
            seq: 7,
            selector: '1.0.0',
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
      selector: '1.1.0',
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

  it("lets a rollout's other side go once its time is over, on whichever of the two traffic is", () => {
    const released = (n: number): DeploymentCommand => ({
      ...{ type: 'ReleaseFormer', deployment: 'churn-live', rollout_id: rolloutIdOf(n) },
    });
    const to = (version: string) => ({ to: { model: 'churn', selector: version, version } });
    const rollBack = (former: number, more: object = {}): DeploymentCommand => ({
      ...{ type: 'RollBack', deployment: 'churn-live', reason: 'worse', ...more },
      seen: { rolloutId: rolloutIdOf(former), archived: false },
    });
    const both = [deployOf(1, '1.0.0'), live(1), deployOf(2, '1.1.0'), live(2)];
    const [back, forth] = [rollBack(1), rollBack(2, to('1.1.0'))];
    const sides = (n: number) => ({ rollout_id: rolloutIdOf(n) });
    for (const [commands, serving, other] of [
      [both, 2, 1],
      [[...both, back], 1, 2],
      [[...both, back, forth], 2, 1],
    ] as const) {
      const { outcome, after } = outcomeOf(...commands, released(2));
      const data = { ...sides(serving), released: sides(other) };
      expect(outcome).toMatchObject({ ok: true, value: { type: 'FormerVersionReleased', data } });
      expect(after).toMatchObject({ live: sides(serving), former: null, rolled_back: false });
      // The time of the rollout before is another's, and nothing is left to release.
      for (const late of [[released(1)], [released(2), released(2)]])
        expect(outcomeOf(...commands, ...late).outcome).toMatchObject({ ok: false, rejection: { code: 'no_change' } });
    }
    expect(outcomeOf(...both, back, released(2), rollBack(2)).outcome).toMatchObject({
      rejection: { code: 'no_former_version' },
    });
  });

  it('may be deployed again after it was retired, to another environment', () => {
    const { outcome } = outcomeOf(deployOf(1, '1.0.0'), live(1), retire, deployOf(2, '1.1.0'));
    expect(outcome).toMatchObject({ ok: true, value: { type: 'DeploymentRequested' } });
  });

  describe('that follows the champion', () => {
    const champion = (version: string, seq: number) => ({
      ...{ model: 'churn', modelSeq: seq, seq },
      state: { ...findVersion(model, version)!, stage: 'production' as const },
    });
    const deployChampion = (n: number, version: string, seq: number) =>
      deployOf(n, 'champion', {
        model: { name: 'churn', seq, selector: 'champion', championSeq: seq, state: champion(version, seq).state },
      });
    const followOf = (n: number, version: string, seq: number, compared: number | null, compatible = true) =>
      ({
        ...{ type: 'Follow', commandId: commandIdOf(n), deployment: 'churn-live', loadTimeoutS: 60 },
        champion: champion(version, seq),
        compared: compared === null ? null : { rolloutId: rolloutIdOf(compared), compatible },
      }) satisfies DeploymentCommand;
    const following = [deployChampion(1, '1.0.0', 8), live(1)];

    it('goes along when the champion moves, once for each move', () => {
      const moved = outcomeOf(...following, followOf(2, '1.1.0', 9, 1));
      expect(moved.outcome).toMatchObject({
        ok: true,
        value: { data: { version: '1.1.0', follows: 'champion', champion_seq: 9, rollout_id: rolloutIdOf(2) } },
      });
      expect(moved.after).toMatchObject({ live: { version: '1.0.0' }, pending: { version: '1.1.0' } });
      expect(outcomeOf(...following, followOf(2, '1.1.0', 9, 1), followOf(3, '1.1.0', 9, 1)).outcome).toMatchObject({
        rejection: { code: 'no_change' },
      });
    });

    it('turns to the newer champion while the older one is being loaded', () => {
      const { after } = outcomeOf(...following, followOf(2, '1.1.0', 9, 1), followOf(3, '1.0.0', 10, 1));
      expect(after).toMatchObject({ live: { version: '1.0.0' }, pending: { version: '1.0.0', champion_seq: 10 } });
    });

    it('stays where callers could not stay callers, and follows the next champion again', () => {
      const stayed = outcomeOf(...following, followOf(2, '1.1.0', 9, 1, false));
      expect(stayed.outcome).toMatchObject({
        ok: true,
        value: { type: 'DeploymentStayed', data: { champion: '1.1.0', champion_seq: 9, version: '1.0.0' } },
      });
      expect(stayed.after).toMatchObject({ live: { version: '1.0.0' }, pending: null });
      const next = outcomeOf(...following, followOf(2, '1.1.0', 9, 1, false), followOf(3, '1.0.0', 10, 1));
      expect(next.outcome).toMatchObject({ ok: true, value: { type: 'DeploymentRequested' } });
    });

    it('keeps following after a champion could not be loaded, and is not asked about that one again', () => {
      const tried = [...following, followOf(2, '1.1.0', 9, 1), failed(2)];
      expect(outcomeOf(...tried).after).toMatchObject({ live: { version: '1.0.0', champion_seq: 9 }, pending: null });
      expect(outcomeOf(...tried, followOf(3, '1.1.0', 9, 1)).outcome).toMatchObject({
        rejection: { code: 'no_change' },
      });
    });

    it('has still answered the move that it answered when a version named outright could not be loaded', () => {
      const tried = [...following, followOf(2, '1.1.0', 9, 1), live(2), deployOf(3, '1.0.0'), failed(3)];
      expect(outcomeOf(...tried).after).toMatchObject({ live: { version: '1.1.0', champion_seq: 9 } });
      expect(outcomeOf(...tried, followOf(4, '1.1.0', 9, 2)).outcome).toMatchObject({
        rejection: { code: 'no_change' },
      });
      expect(outcomeOf(...tried, followOf(4, '1.0.0', 10, 2)).outcome).toMatchObject({ ok: true });
    });

    it('does not go back to a champion that it has left, on the word of who saw that one still', () => {
      const followed = [...following, followOf(2, '1.1.0', 9, 1), live(2)];
      expect(outcomeOf(...followed, deployChampion(3, '1.0.0', 8)).outcome).toMatchObject({
        rejection: { code: 'champion_moved' },
      });
    });

    it('goes on following its model when another model could not be loaded, and does not stay for that one', () => {
      const other = { ...champion('1.0.0', 20), model: 'other' };
      const deployOther = deployOf(2, 'champion', {
        model: { name: 'other', seq: 20, selector: 'champion', championSeq: 20, state: other.state },
      });
      const tried = [...following, deployOther, failed(2)];
      expect(outcomeOf(...tried, followOf(3, '1.1.0', 9, 1)).outcome).toMatchObject({ ok: true });
      expect(outcomeOf(...tried, deployChampion(3, '1.1.0', 9)).outcome).toMatchObject({ ok: true });
      const moved = { ...followOf(3, '1.0.0', 21, 1, false), champion: { ...other, modelSeq: 21, seq: 21 } };
      expect(outcomeOf(...following, deployOther, moved).outcome).toMatchObject({
        ok: true,
        value: { type: 'DeploymentRequested', data: { model: 'other', champion_seq: 21 } },
      });
    });

    it('waits where another version went live since the signatures were compared', () => {
      expect(outcomeOf(...following, followOf(2, '1.1.0', 9, 4)).outcome).toMatchObject({
        rejection: { code: 'rollout_in_progress' },
      });
    });

    it('no longer follows once a version is deployed outright, and a fixed one begins to when it is asked to', () => {
      const pinned = [...following, deployOf(2, '1.0.0'), live(2)];
      expect(outcomeOf(...pinned).after).toMatchObject({ live: { champion_seq: null } });
      expect(outcomeOf(...pinned, followOf(3, '1.1.0', 9, 2)).outcome).toMatchObject({
        rejection: { code: 'no_change' },
      });
      expect(outcomeOf(...pinned, deployChampion(3, '1.0.0', 8)).outcome).toMatchObject({ ok: true });
      expect(outcomeOf(...following, deployChampion(3, '1.0.0', 8)).outcome).toMatchObject({
        rejection: { code: 'no_change' },
      });
    });
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
          expect(decider.decide(command, before, by)).toEqual(outcome);
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
