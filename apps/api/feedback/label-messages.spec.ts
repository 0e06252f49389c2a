import { describe, expect, it } from '@jest/globals';
import { decodeLabels, header, subjects, type CommandMeta } from '#libs/contracts/index.js';
import type { Observed } from './check-observations.js';
import { labelMessages, maxMessageBytes, sizeFaults } from './label-messages.js';

const meta: CommandMeta = {
  ...{ commandId: 'c1', digest: 'sha256:d', actor: 'anna', correlationId: 'r-1', at: '2026-11-23T12:00:00.000Z' },
};

const observed = (index: number, deployment = 'churn', value: unknown = 0.5): Observed => ({
  ...{ index, prediction_id: `p${index}`, label: index, observed_at: '2026-11-23T11:00:00.000Z' },
  prediction: {
    ...{ deployment, traffic_seq: 7 + Math.floor(index / 100), epoch: 'e', counter: 1 + Math.floor(index / 100) },
    ...{ row: index % 100, model: 'm', version: '1.0.0' },
    ...{ predicted_at: '2026-11-22T11:00:00.000Z', outcome: 'served', code: null, labelType: 'number' },
    predicted: { value: value as number },
  },
});

const many = (count: number): Observed[] => Array.from({ length: count }, (_, index) => observed(index));

describe('labelMessages', () => {
  it('makes one message per deployment, with what each prediction was', () => {
    const messages = labelMessages([observed(0), observed(1, 'two words'), observed(2)], meta, 7);
    expect(messages.map(({ subject, items }) => [subject, items])).toEqual([
      [subjects.labels('churn'), [0, 2]],
      [subjects.labels('two words'), [1]],
    ]);
    const [first] = messages;
    expect(first!.headers).toMatchObject({
      ...{ [header.id]: first!.messageId, [header.type]: 'LabelsRecorded', [header.subject]: 'label.churn' },
      ...{ [header.commandId]: 'c1', [header.commandDigest]: 'sha256:d', [header.actor]: 'anna' },
    });
    expect(decodeLabels(first!.data)).toMatchObject({
      ...{ deployment: 'churn', events_seq: 7 },
      rows: [
        { prediction_id: 'p0', traffic_seq: 7, epoch: 'e', counter: 1, row: 0, version: '1.0.0', label: 0 },
        { prediction_id: 'p2', observed_at: '2026-11-23T11:00:00.000Z', predicted_at: '2026-11-22T11:00:00.000Z' },
      ],
    });
  });

  it('cuts at 512 KiB and loses nothing', () => {
    const messages = labelMessages(many(10_000), meta, 7);
    expect(messages.length).toBeGreaterThan(2);
    for (const { data } of messages) expect(data.length).toBeLessThanOrEqual(maxMessageBytes);
    const rows = messages.flatMap(({ data }) => decodeLabels(data).rows);
    expect(rows.map(({ prediction_id }) => prediction_id)).toEqual(
      many(10_000).map(({ prediction_id }) => prediction_id),
    );
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(messages.length);
  });

  it('gives the same request the same ids, and any other one others', () => {
    const ids = (all: readonly Observed[], commandId = 'c1'): string[] =>
      labelMessages(all, { ...meta, commandId }, 7).map(({ messageId }) => messageId);
    expect(ids(many(5))).toEqual(ids(many(5)));
    const others = [ids(many(4)), ids(many(5), 'c2'), ids(many(5).slice(1)), ids([observed(0, 'other')])];
    for (const other of others) expect(other).not.toEqual(ids(many(5)));
  });

  it('lets a row travel alone that is larger, and names one that no server takes', () => {
    const wide = (numbers: number): number[] => new Array<number>(numbers).fill(0.123456789);
    const messages = labelMessages([observed(0), observed(1, 'churn', wide(60_000)), observed(2)], meta, 7);
    expect(messages.map(({ items }) => items)).toEqual([[0], [1], [2]]);
    const faults = (message: (typeof messages)[number]) => sizeFaults(message, (index, of) => `items.${index}.${of}`);
    expect(messages.flatMap(faults)).toEqual([]);
    const [beyond] = labelMessages([observed(4, 'churn', wide(90_000))], meta, 7);
    expect(faults(beyond!)).toMatchObject([{ path: 'items.4.prediction_id' }]);
  });
});
