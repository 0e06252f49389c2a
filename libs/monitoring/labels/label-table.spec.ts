import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventId } from '../testing/labels.js';
import { LabelTable } from './label-table.js';

const row = (label: number) => ({ label, predicted: label, wrong: false, probabilities: [label / 10] });

const told = fc.record({
  seq: fc.integer({ min: 5, max: 12 }),
  row: fc.integer({ min: 0, max: 3 }),
  observedAt: fc.integer({ min: 0, max: 2 }),
  event: fc.integer({ min: 0, max: 3 }),
  index: fc.integer({ min: 0, max: 2 }),
  label: fc.integer({ min: 0, max: 9 }),
});

const contents = (table: LabelTable) =>
  Array.from(table.order(), (at) => [table.label(at), table.predicted(at), table.probability(at, 0)]);

it('has the largest label of each prediction, in the order of predictions, whatever came first', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 200 }), fc.integer({ min: 0, max: 200 }), (labels, cut) => {
      let table = new LabelTable(1);
      const expected = new Map<number, { readonly rank: string; readonly label: number }>();
      for (const [at, { label, ...one }] of labels.entries()) {
        const { observedAt, event, index } = one;
        const place = 65_536 * one.seq + one.row;
        const rank = `${observedAt} ${eventId(String(event))} ${index}`;
        const known = expected.get(place);
        const newer = known === undefined || rank > known.rank;
        const had = table.has(one);
        const put = table.put(one, { observedAt, eventId: eventId(String(event)), index }, row(label));
        if (had !== (known !== undefined) || put !== newer) throw new Error(`label ${at}: had ${had}, put ${put}`);
        if (newer) expected.set(place, { rank, label });
        if (at === cut) table = LabelTable.restore(structuredClone(table.state()));
      }
      expect(contents(table)).toEqual(
        [...expected].sort(([a], [b]) => a - b).map(([, { label }]) => [label, label, Math.fround(label / 10)]),
      );
    }),
  );
});

it('finds predictions among thousands, after a restore too', () => {
  const table = new LabelTable(0);
  const rank = { observedAt: 0, eventId: eventId('a'), index: 0 };
  // The first label that comes need not be of the first row.
  const places = Array.from({ length: 5000 }, (_, at) => ({
    seq: 2 ** 36 - ((at * 7) % 5000),
    row: (at * 31) % 60_000,
  }));
  for (const place of places) expect(table.put(place, rank, row(1))).toBe(true);
  const copy = LabelTable.restore(table.state());
  expect([table.size, copy.size]).toEqual([5000, 5000]);
  expect(places.every((place) => table.has(place) && copy.has(place))).toBe(true);
  expect(copy.has({ seq: 2 ** 36 + 1, row: 0 })).toBe(false);
});

it('keeps what is between two rows', () => {
  const table = new LabelTable(1);
  const rank = { observedAt: 0, eventId: eventId('a'), index: 0 };
  for (const seq of [7, 3, 5, 4, 6]) table.put({ seq, row: 0 }, rank, row(seq));
  table.keep({ seq: 4, row: 0 }, { seq: 6, row: 5 }, 3);
  expect(contents(table).map(([label]) => label)).toEqual([4, 5, 6]);
  expect([3, 4, 7].map((seq) => table.has({ seq, row: 0 }))).toEqual([false, true, false]);
  table.keep({ seq: 4, row: 0 }, { seq: 6, row: 5 }, 2);
  expect(contents(table).map(([label]) => label)).toEqual([4, 5]);
});
