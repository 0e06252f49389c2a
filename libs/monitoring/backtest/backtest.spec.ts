import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeLabels, type LabelRow, type Signature } from '#libs/contracts/index.js';
import { chunkOf, model } from '../testing/messages.js';
import { givenLabel } from './given-label.js';
import { RecordedErrors } from './recorded-errors.js';
import { RowCounts } from './row-counts.js';
import { scanLabels } from './scan-labels.js';
import { SeenRows } from './seen-rows.js';

const rowOf = (row: Partial<LabelRow>): LabelRow => ({
  ...{
    prediction_id: 'AAAAAAABAAAAAAAA',
    traffic_seq: 5,
    epoch: 'e',
    counter: 1,
    row: 0,
    model: 'm',
    version: '1.0.0',
  },
  ...{ predicted_at: '2026-01-01T00:00:00.000Z', observed_at: '2026-01-01T00:00:00.000Z' },
  ...{ predicted: { label: 'yes' }, label: 'yes' },
  ...row,
});

const bytesOf = (rows: readonly LabelRow[]): Buffer =>
  Buffer.from(JSON.stringify({ deployment: 'd', events_seq: 3, rows }));

describe('labels that are scanned', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('ja', 'é€', 'a"b', '{', '}]', '\\'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
  );
  const row = fc.record({
    row: fc.nat(70_000),
    traffic_seq: fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: undefined }),
    label: value,
    predicted: fc.oneof(
      fc.record({ label: value }),
      fc.record({ value }),
      fc.record({
        label: value,
        probabilities: fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      }),
      fc.record({ value: fc.array(fc.integer()) }),
    ),
  });

  it('are what decoding gives, or are left to it', () => {
    let scanned = 0;
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
        const data = bytesOf(rows.map((each) => rowOf(JSON.parse(JSON.stringify(each)) as Partial<LabelRow>)));
        const found = scanLabels(data);
        if (found === null) return;
        scanned++;
        const { deployment, events_seq, rows: decoded } = decodeLabels(data);
        expect(found).toEqual({
          ...{ deployment, events_seq },
          rows: decoded.map(
            ({ traffic_seq, row: at, model, version, label, predicted: { probabilities: _, ...predicted } }) => ({
              ...{ traffic_seq, row: at, model, version, label, predicted },
            }),
          ),
        });
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(scanned).toBeGreaterThan(50);
  });

  it.each([
    ['a row that is cut off', (json: string) => json.slice(0, -3)],
    ['anything behind the end', (json: string) => `${json} `],
    ['no rows', () => '{"deployment":"d","events_seq":3,"rows":[]}'],
    ['keys in another order', (json: string) => json.replace('"epoch":"e","counter":1', '"counter":1,"epoch":"e"')],
    ['a row of another kind', (json: string) => json.replace('"row":0', '"row":-1')],
  ])('are left to decoding with %s', (_, change) => {
    const json = bytesOf([rowOf({}), rowOf({ row: 0 })]).toString();
    expect(scanLabels(Buffer.from(json))).not.toBeNull();
    expect(scanLabels(Buffer.from(change(json)))).toBeNull();
  });
});

describe('rows that were seen', () => {
  it('are told apart as a set does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ seq: fc.integer({ min: 1, max: 4 }), row: fc.nat(200) }), { maxLength: 300 }),
        (places) => {
          const [seen, set] = [new SeenRows(), new Set<string>()];
          for (const place of places) {
            const key = `${place.seq} ${place.row}`;
            expect(seen.add(place)).toBe(!set.has(key));
            set.add(key);
          }
        },
      ),
      { seed: 1 },
    );
  });
});

const classifier: Signature = {
  ...{ inputs: [], features: [], classes: ['no', 'yes'] },
  outputs: [{ name: 'label', type: 'string', shape: [null], role: 'label' }],
};
const regressor: Signature = {
  ...{ inputs: [], features: [] },
  outputs: [{ name: 'y', type: 'float32', shape: [null], role: 'value' }],
};

describe('recorded errors', () => {
  it('are one for each prediction, by its first label, in the order of the log', () => {
    const errors = new RecordedErrors({ signature: classifier, reference: { missing: 'none' } });
    const wrong = [
      rowOf({ row: 0, label: 'no' }),
      rowOf({ row: 1 }),
      rowOf({ row: 0, label: 'yes' }),
      rowOf({ row: 2, label: 7 }),
      rowOf({ traffic_seq: 9 }),
      rowOf({ row: 3, label: 'yes' }),
    ].map((row) => errors.take(row, 9, true)?.wrong ?? null);
    expect(wrong).toEqual([true, false, null, null, null, false]);
    expect(errors.counts()).toEqual({ labels: 3, repeated: 1, unfit: 2, accuracy: 2 / 3, no_change_accuracy: 1 / 2 });
  });

  it('are scaled by what the first labels teach where a regressor has no reference', () => {
    const errors = new RecordedErrors({ signature: regressor, reference: { missing: 'none' } });
    const taken = Array.from({ length: 101 }, (_, row) =>
      errors.take(rowOf({ row, label: row % 2, predicted: { value: 0 } }), 9, row > 0),
    );
    expect(taken.slice(0, 100).every((error) => error === null)).toBe(true);
    expect(errors.take(rowOf({ row: 200, label: 3, predicted: { value: 0 } }), 9, true)).toEqual({
      size: 3,
      scaled: 1,
      wrong: true,
    });
    expect(errors.counts()).toMatchObject({ labels: 101, accuracy: null, no_change_accuracy: null });
  });
});

describe('labels that were written as text', () => {
  const booleans: Signature = { ...classifier, outputs: [{ name: 'l', type: 'bool', shape: [null], role: 'label' }] };
  const integers: Signature = { ...classifier, outputs: [{ name: 'l', type: 'int64', shape: [null], role: 'label' }] };
  it.each([
    [classifier, '1', '1'],
    [booleans, 'true', true],
    [booleans, '1', null],
    [integers, '7', 7],
    [integers, '1.0', 1],
    [integers, '9007199254740993', '9007199254740993'],
    [integers, 'yes', null],
    [regressor, '1e-3', 0.001],
    [regressor, '', null],
  ])('%# are what the version answers', (signature, text, label) => {
    expect(givenLabel(signature, text)).toBe(label);
  });
});

describe('rows of versions', () => {
  it('are counted once, whatever is stored twice, and up to a row of the newest chunk', () => {
    const counts = new RowCounts();
    const rows = { features: { age: [1, 2, 3, 4] } };
    const both = chunkOf(rows, { arms: ['1.0.0', '2.0.0'], armOf: [0, 1, 0, 1], counter: 1 });
    const old = { model, version: '1.0.0' };
    const fresh = { model, version: '2.0.0' };
    expect(counts.take(both, 5)).toBe(4);
    expect(counts.through(old, { seq: 5, row: 0 })).toBe(1);
    expect(counts.through(fresh, { seq: 5, row: 0 })).toBe(0);
    expect(counts.take(both, 6)).toBe(0);
    expect(counts.take(chunkOf(rows, { version: '1.0.0', counter: 2 }), 7)).toBe(4);
    expect([counts.of(old), counts.of(fresh)]).toEqual([6, 2]);
    expect(counts.through(old, { seq: 7, row: 1 })).toBe(4);
    expect(counts.through(old, { seq: 5, row: 0 })).toBe(6);
  });
});
