import { describe, expect, it } from '@jest/globals';
import type { CommandMeta, MonitoringEvent, QualityIssue } from '#libs/contracts/index.js';
import { monitorDefinition, type MonitorState } from '#libs/domain/index.js';
import { fittingTo } from './fitting.js';

const { decider } = monitorDefinition;
const meta: CommandMeta = {
  ...{ commandId: '', digest: '', actor: 'system:test', correlationId: '', at: '2026-11-23T10:00:00.000Z' },
};

const idOf = (number: number): string => `00000000-0000-5000-8000-${String(number).padStart(12, '0')}`;
const place = { seq: 1, row: 0 };
const basis = {
  ...{ deployment: 'd', model: 'm', version: '1.0.0', at: '2026-11-23T10:00:00.000Z', window: 1 },
  ...{ inputs: { first: place, last: place, rows: 1, sampled: 1 }, events_seq: 1, configuration_seq: 1 },
  ...{ reference: null, method: { name: 'shares', version: 1, parameters: {} } },
};
const issue = (column: string, finding: number): QualityIssue => ({
  ...{ condition: `quality/missing/${column}`, finding_id: idOf(finding), check: 'missing', column },
  ...{ value: 1, expected: 0, threshold: 0, detail: '' },
});
const issues = (type: 'QualityIssueFound' | 'QualityIssueCleared', ...of: QualityIssue[]): MonitoringEvent => ({
  type,
  data: { ...basis, issues: of },
});
const cleared = (finding: number): MonitoringEvent => ({
  type: 'DataDriftCleared',
  data: {
    ...{ ...basis, condition: 'data_drift/features', finding_id: idOf(finding) },
    ...{ scope: 'features', drifted: 0, compared: 1 },
  },
});
const stateAfter = (...events: MonitoringEvent[]): MonitorState =>
  events.reduce((state, event) => decider.evolve(state, event, { ...meta, seq: 1 }), decider.initialState);
const decide = (finding: MonitoringEvent, state: MonitorState) =>
  decider.decide({ type: 'RecordFinding', finding }, state, meta);

describe('what fits the log', () => {
  const state = stateAfter(issues('QualityIssueFound', issue('a', 1), issue('b', 2)));

  it('raises what is not open, and nothing twice', () => {
    const fitting = fittingTo(issues('QualityIssueFound', issue('b', 8), issue('c', 9)), state);
    expect(fitting).toEqual(issues('QualityIssueFound', issue('c', 9)));
    expect(decide(fitting!, state)).toMatchObject({ ok: true });
    expect(fittingTo(issues('QualityIssueFound', issue('b', 8)), state)).toBeNull();
  });

  it('clears what is open, as the finding that it is', () => {
    const fitting = fittingTo(issues('QualityIssueCleared', issue('b', 8), issue('c', 9)), state);
    expect(fitting).toEqual(issues('QualityIssueCleared', issue('b', 2)));
    expect(decide(fitting!, state)).toMatchObject({ ok: true });
    expect(fittingTo(cleared(1), state)).toBeNull();
  });
});
