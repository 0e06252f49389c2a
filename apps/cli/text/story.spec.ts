import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { story } from './story.js';

const decision = (told: Partial<api.DecisionView>): api.DecisionView => ({
  ...{ seq: 1, event_id: 'e', type: 'VersionPromoted', at: '2026-11-21T12:00:00.000Z', actor: 'a', version: '1.2.0' },
  ...{ alias: null, reason: null, config_seq: 1, evidence: null, details: {} },
  ...told,
});

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
    ...{ stage: 'production', metrics: { auc: 0.9000000432 }, lineage: { source: 'a notebook' } },
  },
  decisions: [
    decision({
      seq: 3,
      type: 'PromotionRequested',
      actor: 'ben',
      reason: 'it is better',
      details: { to: 'production' },
    }),
    decision({
      seq: 4,
      type: 'VersionApproved',
      actor: 'grace',
      reason: 'looked at it',
      details: { to: 'production' },
    }),
    decision({ seq: 5, type: 'VersionPromoted', actor: 'otto', reason: 'release 7', details: { to: 'production' } }),
    decision({ seq: 6, type: 'ChampionRolledBack', actor: 'otto', reason: null, details: { former: '1.3.0' } }),
  ],
  labels: [
    { label: 'no', ...{ observed_at: '2026-11-25T08:00:00.000Z', recorded_at: '', event_id: 'l2', counts: true } },
    { label: 'yes', ...{ observed_at: '2026-11-24T08:00:00.000Z', recorded_at: '', event_id: 'l1', counts: false } },
  ],
  findings: [
    {
      ...{ finding_id: 'f', deployment: 'street', model: 'fraud', version: '1.2.0', state: 'cleared' },
      ...{ condition: 'data_drift/features', events_seq: 7, configuration_seq: 1, reference: null },
      raised: {
        ...{ seq: 8, event_id: 'e8', at: '2026-11-23T09:00:00.000Z', window: 3 },
        last: { seq: 8, row: 0 },
      },
      cleared: { seq: 12, event_id: 'e12', at: '2026-11-24T09:00:00.000Z', window: 9, last: { seq: 90, row: 0 } },
      inputs: { first: { seq: 5, row: 0 }, last: { seq: 8, row: 0 }, rows: 1000, sampled: 1000 },
      method: { name: 'calibrated', version: 1, parameters: {} },
      details: {
        ...{ kind: 'data_drift', scope: 'features', policy: 'calibrated', drifted: 5, compared: 30, threshold: 0.05 },
        columns: ['town', 'length', 'width', 'height'].map((column, index) => ({
          ...{ column, test: 'wasserstein', statistic: 1, p_value: null, adjusted_p: null, threshold: 0.1 },
          effect: 0.5 - index / 10,
        })),
      },
    },
  ],
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

  it('tells what was observed, and which of it counts', () => {
    const lines = story(why);
    expect(lines.slice(lines.indexOf('Observed')).slice(0, 3)).toEqual([
      'Observed',
      '          no as of 2026-11-25T08:00:00.000Z (event l2)',
      '          yes as of 2026-11-24T08:00:00.000Z (event l1), since corrected or repeated',
    ]);
    expect(story({ ...why, labels: [] }).join()).not.toContain('Observed');
  });

  it('tells what was wrong when it was made', () => {
    const lines = story(why);
    expect(lines.slice(lines.indexOf('Findings  open when it was made')).slice(1, 2)).toEqual([
      '          drift of features in 5 of 30 columns (town 0.5, length 0.4, width 0.3, 2 more); since 2026-11-23T09:00:00.000Z (event 8), cleared on 2026-11-24T09:00:00.000Z (event 12)',
    ]);
    expect(story({ ...why, findings: [] }).join()).not.toContain('Findings');
  });

  it('tells who approved and promoted it, in order', () => {
    const lines = story(why).map((line) => line.trim());
    const from = lines.findIndex((line) => line.startsWith('promotion requested'));
    expect(lines.slice(from, from + 4)).toEqual([
      'promotion requested for production on 2026-11-21T12:00:00.000Z by ben (event 3): it is better',
      'approved for production on 2026-11-21T12:00:00.000Z by grace (event 4): looked at it',
      'promoted to production on 2026-11-21T12:00:00.000Z by otto (event 5): release 7',
      'made champion again by a rollback on 2026-11-21T12:00:00.000Z by otto (event 6)',
    ]);
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
