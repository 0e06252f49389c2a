import { describe, expect, it } from '@jest/globals';
import type { GovernanceEvent, Strategy } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { emptyRoutingTable, foldRouting, rolloutsOf } from './routing-table.js';

const signature = {
  inputs: [{ name: 'x', type: 'float32' as const, shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32' as const, shape: [null, 1], role: 'value' as const }],
  features: [{ name: 'a', type: 'float32' as const, nullable: false, input: 'x', index: 0 }],
};

/** A log of these events, from sequence 1 on. */
const logOf = (...events: (GovernanceEvent | 'unknown')[]): LogRecord<GovernanceEvent>[] =>
  events.map((event, index) => {
    const place = { seq: index + 1, storedAt: 1_000 * (index + 1), subject: 'evt.deployment.d' };
    if (event === 'unknown') return { ...place, unknown: { code: 'unknown_event_type', type: 'DeploymentShadowed' } };
    return {
      ...place,
      id: `event-${index + 1}`,
      event,
      eventVersion: 1,
      aggregateVersion: index + 1,
      meta: { commandId: 'c', digest: 'd', actor: 'local', correlationId: `correlation-${index + 1}`, at: '' },
      previousHash: '',
      hash: '',
    };
  });

const served = (rollout: number) => ({
  deployment: 'd',
  rollout_id: `rollout-${rollout}`,
  model: 'm',
  version: `${rollout}.0.0`,
});
const blueGreen: Strategy = { type: 'blue_green', warmup_requests: 0, keep_old_s: 60 };
const requested = (rollout: number, strategy: Strategy = { type: 'direct' }): GovernanceEvent => ({
  type: 'DeploymentRequested',
  data: {
    ...served(rollout),
    environment: 'development',
    strategy,
    recording: 'acknowledged',
    artifact: 'sha256:0',
    signature,
    model_seq: 1,
    load_timeout_s: 60,
  },
});
const live = (rollout: number): GovernanceEvent => ({
  type: 'DeploymentWentLive',
  data: { ...served(rollout), instances: [{ instance: 'i', load_ms: 1 }] },
});
const failed = (rollout: number): GovernanceEvent => ({
  type: 'DeploymentFailed',
  data: { ...served(rollout), code: 'x', reason: 'y' },
});
const prepared = (rollout: number): GovernanceEvent => ({
  type: 'DeploymentPrepared',
  data: { ...served(rollout), instances: [{ instance: 'i', load_ms: 1 }] },
});
const placeOf = (rollout: number) => ({ rollout_id: `rollout-${rollout}`, model: 'm', version: `${rollout}.0.0` });
const rolledBack = (from: number, to: number): GovernanceEvent => ({
  type: 'DeploymentRolledBack',
  data: { deployment: 'd', from: placeOf(from), to: placeOf(to), aborted: null, reason: 'worse' },
});
const released = (rollout: number, former: number): GovernanceEvent => ({
  type: 'FormerVersionReleased',
  data: { deployment: 'd', rollout_id: `rollout-${rollout}`, released: placeOf(former) },
});
const crashed = (rollout: number, cut_off: boolean): GovernanceEvent => ({
  type: 'VersionCrashed',
  data: { ...served(rollout), instance: 'i', epoch: 'e', cause: 'SIGSEGV', crashes: 3, within_s: 9, cut_off },
});
const retired: GovernanceEvent = { type: 'DeploymentRetired', data: { deployment: 'd', reason: 'done' } };

const placesAfter = (...events: GovernanceEvent[]) => {
  const table = foldRouting(emptyRoutingTable, logOf(...events));
  return Object.fromEntries([...rolloutsOf(table)].map(({ place, rollout }) => [place, rollout.rolloutId]));
};

describe('foldRouting', () => {
  it('moves traffic with DeploymentWentLive and with nothing else', () => {
    expect(placesAfter(requested(1))).toEqual({ pending: 'rollout-1' });
    expect(placesAfter(requested(1), live(1))).toEqual({ live: 'rollout-1' });
    expect(placesAfter(requested(1), live(1), requested(2))).toEqual({ live: 'rollout-1', pending: 'rollout-2' });
    expect(placesAfter(requested(1), live(1), requested(2), live(2))).toEqual({
      live: 'rollout-2',
      former: 'rollout-1',
    });
  });

  it('keeps what serves when a rollout fails, and nothing when the deployment is retired', () => {
    expect(placesAfter(requested(1), live(1), requested(2), failed(2))).toEqual({ live: 'rollout-1' });
    expect(placesAfter(requested(1), live(1), retired)).toEqual({});
    expect(placesAfter(requested(1), live(1), retired, requested(2), live(2))).toEqual({ live: 'rollout-2' });
  });

  it('moves traffic back with a rollback, which ends what is under way, and keeps what it left', () => {
    const log = [requested(1), live(1), requested(2, blueGreen), prepared(2), live(2), requested(3)];
    expect(placesAfter(...log)).toEqual({ live: 'rollout-2', former: 'rollout-1', pending: 'rollout-3' });
    expect(placesAfter(...log, rolledBack(2, 1))).toEqual({ live: 'rollout-1', former: 'rollout-2' });
    expect(placesAfter(...log, rolledBack(2, 1), rolledBack(1, 2))).toEqual({ live: 'rollout-2', former: 'rollout-1' });
    expect(placesAfter(...log.slice(0, 5), released(2, 1))).toEqual({ live: 'rollout-2' });
  });

  it('holds whatever memory it takes the other side of a blue-green rollout, and nothing else', () => {
    const keptAfter = (...events: GovernanceEvent[]): string[] =>
      [...rolloutsOf(foldRouting(emptyRoutingTable, logOf(...events)))].flatMap(({ kept, rollout }) =>
        kept ? [rollout.rolloutId] : [],
      );
    const log = [requested(1), live(1), requested(2, blueGreen), prepared(2), live(2)];
    expect(keptAfter(...log)).toEqual(['rollout-1']);
    expect(keptAfter(...log, released(2, 1))).toEqual([]);
    // Nobody lets it go: no time was set for it.
    expect(keptAfter(...log, requested(3), live(3))).toEqual([]);
    expect(keptAfter(...log, requested(3), live(3), rolledBack(3, 2))).toEqual([]);
    // Its time runs on while traffic is back, and when it has returned.
    expect(keptAfter(...log, rolledBack(2, 1))).toEqual(['rollout-2']);
    expect(keptAfter(...log, rolledBack(2, 1), rolledBack(1, 2))).toEqual(['rollout-1']);
    expect(keptAfter(...log, rolledBack(2, 1), released(1, 2))).toEqual([]);
  });

  it('does not hold what is cut off, until traffic has left it', () => {
    const log = [requested(1), live(1), requested(2), live(2)];
    expect(placesAfter(...log, crashed(2, false))).toEqual({ live: 'rollout-2', former: 'rollout-1' });
    expect(placesAfter(...log, crashed(2, true))).toEqual({ former: 'rollout-1' });
    expect(placesAfter(...log, crashed(2, true), rolledBack(2, 1))).toEqual({
      live: 'rollout-1',
      former: 'rollout-2',
    });
    expect(placesAfter(...log, requested(3), crashed(3, true))).toEqual({ live: 'rollout-2', former: 'rollout-1' });
  });

  it('remembers the request: its event, its place in the log and when the server stored it', () => {
    const table = foldRouting(emptyRoutingTable, logOf(requested(1)));
    expect(table.deployments.get('d')!.pending).toMatchObject({
      requestId: 'event-1',
      requestedSeq: 1,
      requestedAt: 1_000,
      correlationId: 'correlation-1',
      loadTimeoutS: 60,
    });
  });

  it('is the same however the log is cut, and never changes a table that was given out', () => {
    const log = logOf(requested(1), live(1), requested(2), failed(2), requested(3), live(3));
    const whole = foldRouting(emptyRoutingTable, log);
    for (let cut = 0; cut <= log.length; cut++) {
      const before = foldRouting(emptyRoutingTable, log.slice(0, cut));
      const kept = structuredClone(before);
      expect(foldRouting(before, log.slice(cut))).toEqual(whole);
      expect(before).toEqual(kept);
    }
  });

  it('takes note of every sequence, counts what it does not know, and keeps its deployments where none changed', () => {
    const before = foldRouting(emptyRoutingTable, logOf(requested(1), live(1)));
    const [unknown] = logOf('unknown');
    const after = foldRouting(before, [{ ...unknown!, seq: 3 }]);
    expect(after).toMatchObject({ sequence: 3, skipped: 1 });
    expect(after.deployments).toBe(before.deployments);
  });
});
