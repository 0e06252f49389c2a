import { describe, expect, it } from '@jest/globals';
import type { MonitoringEvent } from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import { monitorDefinition, openFinding, type MonitorState } from './index.js';

const { decider, snapshot } = monitorDefinition;
const by = { actor: 'system:monitoring', at: '2026-11-23T10:00:00.000Z' };

const place = { seq: 1, row: 0 };
const basis = (number: number) => ({
  ...{ deployment: 'd', model: 'm', version: '1.0.0', window: number },
  at: `2026-11-23T10:00:00.${String(number % 1000).padStart(3, '0')}Z`,
  ...{ inputs: { first: place, last: place, rows: 1, sampled: 1 }, events_seq: 1, configuration_seq: 1 },
  ...{ reference: null, method: { name: 'test', version: 1, parameters: {} } },
});
const named = (number: number, scope: 'features' | 'labels') => ({
  ...{ condition: `data_drift/${scope}`, finding_id: uuidv5(namespaces.entity, `${scope} ${number}`), scope },
});
const raised = (number: number, scope: 'features' | 'labels' = 'features'): MonitoringEvent => ({
  type: 'DataDriftDetected',
  data: {
    ...{ ...basis(number), ...named(number, scope), policy: 'calibrated' },
    ...{ drifted: 1, compared: 1, threshold: 0.05, columns: [] },
  },
});
const cleared = (number: number): MonitoringEvent => ({
  type: 'DataDriftCleared',
  data: { ...basis(number), ...named(number, 'features'), drifted: 0, compared: 1 },
});

function recorded(state: MonitorState, finding: MonitoringEvent, seq: number): MonitorState {
  const decision = decider.decide({ type: 'RecordFinding', finding }, state, by);
  if (!decision.ok) throw new Error(decision.rejection.detail);
  return decider.evolve(state, decision.value, { ...by, seq });
}

describe('what is found of a deployment', () => {
  it('is remembered as long as it holds: 20,000 findings that are over take no room', () => {
    let state = recorded(decider.initialState, raised(0, 'labels'), 1);
    const bytes = (): number => JSON.stringify(snapshot.encode(state)).length;
    const before = bytes();
    for (let number = 1; number <= 20_000; number++) {
      state = recorded(state, raised(number), 2 * number);
      expect(decider.decide({ type: 'RecordFinding', finding: raised(number + 1) }, state, by)).toMatchObject({
        rejection: { code: 'finding_open' },
      });
      state = recorded(state, cleared(number), 2 * number + 1);
    }
    expect(bytes()).toBe(before);
    expect(before).toBeLessThan(200);
    expect(openFinding(state, raised(1), 'data_drift/labels')).toBe(named(0, 'labels').finding_id);
    expect(openFinding(state, raised(1), 'data_drift/features')).toBeUndefined();
    // What is over cannot be cleared again.
    expect(decider.decide({ type: 'RecordFinding', finding: cleared(7) }, state, by)).toMatchObject({
      rejection: { code: 'finding_not_open' },
    });
  });

  it('says where each was raised, and the newest time of all: also where one of an earlier time comes late', () => {
    const state = [raised(900), raised(5, 'labels')].reduce(
      (before, finding, index) => recorded(before, finding, 10 + index),
      decider.initialState,
    );
    expect(state).toEqual({
      open: {
        'm@1.0.0 data_drift/features': { finding_id: named(900, 'features').finding_id, seq: 10 },
        'm@1.0.0 data_drift/labels': { finding_id: named(5, 'labels').finding_id, seq: 11 },
      },
      foundAt: '2026-11-23T10:00:00.900Z',
    });
    expect(snapshot.decode(JSON.parse(JSON.stringify(snapshot.encode(state))))).toEqual(state);
  });
});
