import { describe, expect, it } from '@jest/globals';
import type { GovernanceEvent, Signature } from '#libs/contracts/index.js';
import { Governance, type RegisteredVersion } from './governance.js';

const signature: Signature = {
  inputs: [{ name: 'X', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null], role: 'value' }],
  features: [{ name: 'x', type: 'float32', nullable: false, input: 'X', index: 0 }],
};
const digest = (byte: string): string => `sha256:${byte.repeat(64)}`;

const configured = (monitoring: unknown): GovernanceEvent => ({
  type: 'ConfigurationApplied',
  data: { digest: digest('c'), content: { pipeline: {}, ...(monitoring === undefined ? {} : { monitoring }) } },
});

const registered = (version: string, artifact?: string): GovernanceEvent => ({
  type: 'VersionRegistered',
  data: {
    ...{ model: 'churn', version, artifact: digest('a'), size: 1, tags: {}, metrics: {}, signature, lineage: {} },
    ...(artifact !== undefined && { baseline: { artifact, format: 'f' } }),
  },
});

const live: GovernanceEvent = {
  type: 'DeploymentWentLive',
  data: {
    ...{ deployment: 'd', rollout_id: '0b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d', model: 'churn', version: '1.0.0' },
    instances: [{ instance: 's', load_ms: 1 }],
  },
};

const folded = (events: readonly (GovernanceEvent | null)[]): Governance => {
  const governance = new Governance();
  for (const [index, event] of events.entries()) governance.fold(index + 1, event);
  return governance;
};

const windowSizeAt = (governance: Governance, deployment: string, seq: number) => {
  const { seq: configurationSeq, settings } = governance.settingsAt(deployment, seq);
  return [configurationSeq, settings.drift_detection.window_size];
};

describe('what EVENTS say', () => {
  const governance = folded([
    registered('1.0.0', digest('b')),
    configured({
      monitoring: { drift_detection: { window_size: 10 }, deployments: { d: { quality: { constant: false } } } },
    }),
    null,
    configured({ monitoring: { deployments: { d: { drift_detection: { window_size: 30 } } } } }),
    registered('1.1.0'),
    configured(undefined),
  ]);

  it('is asked for at a position, however far it was folded', () => {
    expect(governance.position).toBe(6);
    expect([0, 1, 2, 3, 4, 5, 6].map((seq) => windowSizeAt(governance, 'd', seq))).toEqual([
      [0, 1000],
      [0, 1000],
      [2, 10],
      [2, 10],
      [4, 30],
      [4, 30],
      [6, 1000],
    ]);
    expect(windowSizeAt(governance, 'e', 5)).toEqual([4, 1000]);
    expect(governance.settingsAt('d', 2).settings.quality.constant).toBe(false);
    expect(governance.settingsAt('d', 5).settings).toBe(governance.settingsAt('d', 4).settings);
    expect(governance.versionAt('churn', '1.1.0', 4)).toBeUndefined();
    expect(governance.versionAt('churn', '1.1.0', 5)).toMatchObject({ seq: 5, signature, baseline: null });
    expect(governance.versionAt('churn', '2.0.0', 6)).toBeUndefined();
  });

  it('is the context of a message, with the references of the versions that are asked for', () => {
    const asked: RegisteredVersion[] = [];
    const context = governance.contextOf('d', 4, (version) => {
      asked.push(version);
      return { signature, reference: { missing: 'here' } };
    });
    expect(context).toMatchObject({ eventsSeq: 4, configurationSeq: 4 });
    expect(context.settings.drift_detection.window_size).toBe(30);
    expect(context.versionOf('churn', '1.0.0')?.reference).toEqual({ missing: 'here' });
    expect(context.versionOf('churn', '1.1.0')).toBeUndefined();
    expect(asked).toMatchObject([{ version: '1.0.0', baseline: { artifact: digest('b'), format: 'f' } }]);
  });

  it('leaves in force what was, where a configuration cannot be read', () => {
    const own = folded([configured({ monitoring: { drift_detection: { window_size: 10 } } })]);
    expect(() => {
      own.fold(2, configured({ monitoring: { drift_detection: { window_size: 'ten' } } }));
    }).toThrow(/^the configuration of EVENTS 2: monitoring\.monitoring\.drift_detection\.window_size: /);
    expect(own.position).toBe(2);
    expect(windowSizeAt(own, 'd', 2)).toEqual([1, 10]);
  });

  it('knows which deployments take traffic', () => {
    expect(governance.deployments()).toEqual([]);
    const own = folded([live]);
    expect([own.deployments(), own.isLive('d'), own.isLive('e')]).toEqual([['d'], true, false]);
    own.fold(2, { type: 'DeploymentRetired', data: { deployment: 'd', reason: 'r' } });
    expect([own.deployments(), own.isLive('d')]).toEqual([['d'], false]);
  });
});
