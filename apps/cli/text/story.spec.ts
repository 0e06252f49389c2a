import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { story } from './story.js';

const why: api.Why = {
  ...{ prediction_id: 'AAAA', deployment: 'street', outcome: 'served', latency_ms: 1.5 },
  ...{ recorded_at: '2026-11-23T10:00:01.000Z', began_at: '2026-11-23T10:00:00.000Z' },
  request: { input: { length: 0.1, town: 'Bern' }, request_id: 'r-1', routing_key: null, subject_id: null },
  ...{ output: { label: 'yes', probabilities: { yes: 0.75 } }, failure: null },
  ...{ model: 'fraud', version: '1.2.0', artifact: `sha256:${'a'.repeat(64)}` },
  identity: { epoch: 'e', counter: 3, row: 0, traffic_seq: 9, instance: 'serving-0' },
  route: { routing_seq: 7, role: 'live', rollout_id: 'ro', reason: 'fraud@1.2.0 was the one version' },
  rollout: {
    ...{ requested_seq: 6, requested_at: '2026-11-22T10:00:00.000Z', requested_by: 'anna' },
    ...{ live_seq: 7, live_at: '2026-11-22T10:00:02.000Z', environment: 'production' },
  },
  registration: {
    ...{ seq: 5, event_id: 'ev', registered_at: '2026-11-21T10:00:00.000Z', registered_by: 'ben' },
    ...{ stage: 'production', metrics: { auc: 0.9 }, lineage: { source: 'a notebook' } },
  },
  as_of_seq: 7,
};

describe('story', () => {
  it('tells who, what, when and why', () => {
    const text = story(why).join('\n');
    for (const fact of [
      ...['AAAA was answered by deployment street', 'in 1.5 ms', 'fraud@1.2.0', 'by ben (event 5)', 'auc 0.9'],
      ...['source a notebook', 'the one version', 'by anna (event 6)', 'live since 2026-11-22T10:00:02.000Z (event 7)'],
      ...['length  0.1', 'town    Bern', 'request_id r-1', 'label          yes', '{"yes":0.75}', 'TRAFFIC 9, row 0'],
    ])
      expect(text).toContain(fact);
    expect(text).not.toContain('null');
  });

  it('tells what was refused, where nothing is known of the rest', () => {
    const text = story({
      ...{ ...why, outcome: 'refused', output: null, rollout: null, registration: null },
      request: { input: null, request_id: null, routing_key: null, subject_id: null },
      failure: { code: 'missing_feature', detail: [{ path: 'input.town', message: 'missing' }] },
    }).join('\n');
    expect(text).toContain('was refused by deployment street');
    expect(text).toContain('missing_feature: [{"path":"input.town","message":"missing"}]');
    expect(text).not.toContain('Output');
    expect(text).not.toContain('null');
  });
});
