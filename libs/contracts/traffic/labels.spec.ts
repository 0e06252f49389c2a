import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeLabels,
  decodeLabelsOf,
  labelsRecorded,
  LabelsMalformed,
  type LabelRow,
  type LabelsRecorded,
} from './labels.js';

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

describe('labels that are read', () => {
  /** Anything that JSON holds in place of a value, or nothing. */
  const spoilt = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<unknown>,
    fc.constantFrom<unknown>(undefined, -1, 0, 1.5, 2 ** 53, -0, '', 'a b', '1.0', [], {}, null, '1.2.3'),
  );
  const answer = fc.record(
    {
      label: fc.jsonValue(),
      probabilities: fc.oneof(fc.dictionary(fc.string(), fc.double({ noNaN: true })), spoilt),
      value: fc.jsonValue(),
      more: fc.integer(),
    },
    { requiredKeys: [] },
  );
  const usual = fc
    .tuple(labelled, answer, fc.option(fc.integer({ min: 1 }), { nil: undefined }))
    .map(([row, predicted, traffic_seq]): Record<string, unknown> => ({ more: 1, ...row, traffic_seq, predicted }));
  const keys = ['prediction_id', 'traffic_seq', 'epoch', 'counter', 'row', 'model', 'version', 'predicted_at'];
  const broken = fc
    .tuple(usual, fc.constantFrom(...keys, 'observed_at', 'predicted', 'label', '__proto__'), spoilt)
    .map(([row, key, value]) => Object.fromEntries([...Object.entries(row), [key, value]]));
  const rows = fc.array(fc.oneof({ arbitrary: usual, weight: 8 }, broken), { maxLength: 4 });
  const whole = fc.oneof(
    { arbitrary: rows.map(messageOf), weight: 12 },
    fc.tuple(rows, fc.constantFrom('deployment', 'events_seq', 'rows'), spoilt).map(([some, key, value]) => ({
      ...messageOf(some),
      [key]: value,
    })),
    spoilt,
  );

  /** By the schema alone. */
  function specified(data: Uint8Array): string {
    const result = labelsRecorded.schema.safeParse(JSON.parse(Buffer.from(data).toString('utf8')));
    if (result.success) return JSON.stringify(result.data);
    const { path, message } = result.error.issues[0]!;
    return `stored labels do not fit: ${path.join('.') || 'the whole'}: ${message}`;
  }

  it('are what the schema gives, and refused with its words', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(whole, (value) => {
        const data = encoded(value ?? null);
        const expected = specified(data);
        let found: string;
        try {
          found = JSON.stringify(decodeLabels(data));
          taken++;
        } catch (error) {
          found = (error as Error).message;
          refused++;
        }
        expect(found).toBe(expected);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(50);
  });
});
