import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLabels, decodeLabelsOf, LabelsMalformed, type LabelRow, type LabelsRecorded } from './labels.js';

const encoded = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const identity = fc.record({
  epoch: fc.constantFrom('e1', 'e2'),
  counter: fc.integer({ min: 1, max: 3 }),
  row: fc.nat({ max: 3 }),
});

const labelled = identity.chain((named) =>
  fc.record({
    ...{ epoch: fc.constant(named.epoch), counter: fc.constant(named.counter), row: fc.constant(named.row) },
    ...{ prediction_id: fc.string(), model: fc.constant('m'), version: fc.constant('1.0.0') },
    ...{ predicted_at: fc.constant('2026-11-22T11:00:00.000Z'), observed_at: fc.constant('2026-11-23T11:00:00.000Z') },
    predicted: fc.record({ value: fc.integer() }),
    label: fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  }),
);

const messageOf = (rows: readonly unknown[]) => ({ deployment: 'churn', events_seq: 7, rows });

describe('labels of one prediction', () => {
  it('are those that decoding the whole message finds, with their rows in it', () => {
    fc.assert(
      fc.property(fc.array(labelled, { minLength: 1, maxLength: 30 }), identity, (rows, asked) => {
        const data = encoded(messageOf(rows));
        const isAsked = ({ epoch, counter, row }: LabelRow) =>
          epoch === asked.epoch && counter === asked.counter && row === asked.row;
        const whole = decodeLabels(data).rows.flatMap((label, index) => (isAsked(label) ? [{ index, label }] : []));
        expect(decodeLabelsOf(data, asked)).toEqual(whole);
      }),
    );
  });

  const row: LabelRow = {
    ...{ prediction_id: 'p', epoch: 'e', counter: 1, row: 0, model: 'm', version: '1.0.0' },
    ...{ predicted_at: '2026-11-22T11:00:00.000Z', observed_at: '2026-11-23T11:00:00.000Z' },
    ...{ predicted: { value: 1 }, label: 1 },
  };
  const { label: _label, ...unlabelled } = row;

  it('are found whatever other rows hold: those are not validated', () => {
    const data = encoded(messageOf([{ ...unlabelled, row: 1 }, row]));
    expect(decodeLabelsOf(data, row)).toEqual([{ index: 1, label: row }]);
    expect(() => decodeLabels(data)).toThrow('rows.0.label');
  });

  it.each<[string, string | Partial<LabelsRecorded> | object, string]>([
    ['no JSON', 'labels', 'are not JSON'],
    ['no rows', { ...messageOf([row]), rows: undefined }, 'rows'],
    ['no deployment', { ...messageOf([row]), deployment: undefined }, 'deployment'],
    ['a row that is nothing', messageOf([row, null]), 'rows.1'],
    ['the row itself without its label', messageOf([row, unlabelled]), 'rows.1.label'],
  ])('refused: %s', (_what, value, says) => {
    const data = typeof value === 'string' ? Buffer.from(value) : encoded(value);
    expect(() => decodeLabelsOf(data, row)).toThrow(LabelsMalformed);
    expect(() => decodeLabelsOf(data, row)).toThrow(says);
  });
});
