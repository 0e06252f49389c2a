import { describe, expect, it } from '@jest/globals';
import { header, labelsRecorded, type LabelRow } from '#libs/contracts/index.js';
import { MemoryStream, type StreamMessage } from '#libs/event-log/index.js';
import { accept, isoTime, systemClock } from '#libs/kernel/index.js';
import { PredictionLabels } from './prediction-labels.js';

const identity = { epoch: 'e', counter: 3, row: 1 };
const day = (at: number): string => isoTime(86_400_000 * at);

const labelled = (row: number, label: number): LabelRow => ({
  ...{ prediction_id: `p${row}`, epoch: 'e', counter: 3, row, model: 'm', version: '1.0.0', label },
  ...{ predicted_at: day(0), observed_at: day(label), predicted: { value: 1 } },
});

/** A log in which each message has one label of the prediction, the later the larger, between those of others. */
async function recorded(messages: number) {
  const stream = new MemoryStream({ name: 'TRAFFIC', clock: systemClock });
  for (let at = 1; at <= messages; at++) {
    const rows = [labelled(0, 7), labelled(1, at), labelled(2, 7)];
    await stream.publish({
      subject: 'label.d',
      headers: { [header.type]: labelsRecorded.type, [header.id]: `e${at}` },
      data: Buffer.from(JSON.stringify({ deployment: 'd', events_seq: 1, rows })),
    });
  }
  let [underWay, most] = [0, 0];
  const get = async (...asked: Parameters<MemoryStream['get']>): Promise<StreamMessage | undefined> => {
    most = Math.max(most, (underWay += 1));
    const message = await stream.get(...asked);
    underWay -= 1;
    return message;
  };
  const places = Array.from({ length: messages }, (_, at) => ({ traffic_seq: at + 1, event_id: `e${at + 1}` }));
  const labels = new PredictionLabels({ get }, { ofPrediction: () => Promise.resolve(accept(places)) });
  return { labels, mostAtOnce: () => most };
}

describe('labels of a prediction', () => {
  it('are read from all messages that hold one, a few messages at a time, the newest first', async () => {
    const { labels, mostAtOnce } = await recorded(30);
    const found = await labels.of(identity, {});
    expect(found.map(({ label }) => label)).toEqual(Array.from({ length: 30 }, (_, at) => 30 - at));
    expect(found[0]).toMatchObject({ event_id: 'e30', observed_at: day(30), counts: true });
    expect(found.filter(({ counts }) => counts)).toHaveLength(1);
    expect(mostAtOnce()).toBe(4);
  });

  it('of a prediction without any are none', async () => {
    expect(await (await recorded(0)).labels.of(identity, {})).toEqual([]);
  });
});
