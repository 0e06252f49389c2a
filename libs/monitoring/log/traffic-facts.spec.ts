import { describe, expect, it } from '@jest/globals';
import {
  encodeChunk,
  encodeChunkSchema,
  encodeTick,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type ChunkRows,
  type ChunkSchema,
} from '#libs/contracts/index.js';
import { deploymentOf, nothingRead, readTraffic, type LogPosition, type TrafficMessage } from './traffic-facts.js';

const deployment = 'fraud eu';
const message = (seq: number, given: Partial<TrafficMessage> = {}): TrafficMessage => ({
  ...{ seq, time: 1_000 * seq, subject: subjects.predictions(deployment), headers: new Map(), data: new Uint8Array() },
  ...given,
});

function chunk(routing_seq: number, rows: Partial<ChunkRows> = {}, of = deployment): Uint8Array {
  const schema: ChunkSchema = {
    ...{ deployment: of, routing_seq, epoch: 'e', instance: 's', inputs: [], outputs: [] },
    arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'a' }],
  };
  return encodeChunk(schema, encodeChunkSchema(schema), {
    ...{ counter: 2, givenUp: [], beganAt: 0, served: 1, failed: 0, refused: 0, codes: [], details: [] },
    ...{ arm: new Uint8Array(1), latencyUs: new Uint32Array(1), beganOffsetUs: new Uint32Array(1) },
    ...{ inputs: [], outputs: [] },
    ...rows,
  });
}

const labels = (events_seq: number): Partial<TrafficMessage> => ({
  subject: subjects.labels(deployment),
  headers: new Map([
    [header.type, labelsRecorded.type],
    [header.id, 'id-1'],
  ]),
  data: Buffer.from(
    JSON.stringify({
      ...{ deployment, events_seq },
      rows: [
        {
          ...{
            prediction_id: 'p',
            epoch: 'e',
            counter: 1,
            row: 0,
            model: 'm',
            version: '1.0.0',
            predicted: { value: 1 },
          },
          ...{ predicted_at: '2026-11-23T10:00:00Z', observed_at: '2026-11-23T10:00:00Z', label: 1 },
        },
      ],
    }),
  ),
});

const tick = (events_seq: number): Partial<TrafficMessage> => {
  const { subject, headers, data } = encodeTick({ deployment, at: '2026-11-23T10:00:00.000Z', events_seq }, 'w');
  return { subject, headers: new Map(Object.entries(headers)), data };
};

describe('messages of TRAFFIC', () => {
  it('name their deployment on their subject', () => {
    const names = ['a', 'fraud eu', 'x.y', 'A_b-9'];
    for (const name of names)
      for (const subjectOf of [subjects.predictions, subjects.labels, subjects.ticks])
        expect(deploymentOf(subjectOf(name))).toBe(name);
    for (const other of ['window.a', 'pred', 'pred.', 'pred.a.b', 'evt.model.a', 'pred.=zz'])
      expect(deploymentOf(other)).toBeUndefined();
  });

  it('are facts, whose time and position in EVENTS never run back', () => {
    const messages = [
      message(1, { data: chunk(7), headers: new Map([[header.type, predictionsRecorded.type]]) }),
      message(2, { time: 900, ...labels(5) }),
      message(5, { time: 4_000, ...tick(9) }),
      message(6, { time: 3_000, data: chunk(8) }),
    ];
    const positions: LogPosition[] = [];
    const kinds = messages.map((each) => {
      const read = readTraffic(deployment, each, positions.at(-1) ?? nothingRead);
      positions.push(read.position);
      expect(read.unreadable).toBeNull();
      expect(read.fact).toMatchObject({ seq: read.position.seq, logTime: read.position.logTime });
      return read.fact?.kind;
    });
    expect(kinds).toEqual(['chunk', 'labels', 'tick', 'chunk']);
    expect(positions).toEqual([
      { seq: 1, logTime: 1_000, eventsSeq: 7 },
      { seq: 2, logTime: 1_000, eventsSeq: 7 },
      { seq: 5, logTime: 4_000, eventsSeq: 9 },
      { seq: 6, logTime: 4_000, eventsSeq: 9 },
    ]);
  });

  it.each<[string, Partial<TrafficMessage>]>([
    ["a stored chunk of predictions does not begin with 'MPC1'", { data: Buffer.from('nothing of it') }],
    [
      'has the type Other: expected PredictionsRecorded',
      { data: chunk(1), headers: new Map([[header.type, 'Other']]) },
    ],
    ['is of deployment other, on the subject of fraud eu', { data: chunk(1, {}, 'other') }],
    ['counter 0: expected a whole number from 1', { data: chunk(1, { counter: 0 }) }],
    ['gives up counter 2: expected one before its own, 2', { data: chunk(1, { givenUp: [2] }) }],
    ['a row names arm 1 of 1', { data: chunk(1, { arm: Uint8Array.of(1) }) }],
    ['began at NaN: expected an instant', { data: chunk(1, { beganAt: NaN }) }],
    ['labels without an event id', { ...labels(1), headers: new Map([[header.type, labelsRecorded.type]]) }],
    ['stored labels are not JSON', { ...labels(1), data: Buffer.from('{') }],
    [
      'a stored tick does not fit: events_seq',
      { ...tick(1), data: Buffer.from('{"deployment":"d","at":"2026-11-23T10:00:00Z"}') },
    ],
    ['has the type none: expected Ticked', { ...tick(1), headers: new Map() }],
  ])('that cannot be read say why, and count for nothing but their time: %s', (reason, given) => {
    const before = { seq: 3, logTime: 5_000, eventsSeq: 4 };
    const { fact, position, unreadable } = readTraffic(deployment, message(9, given), before);
    expect(fact).toBeNull();
    expect(unreadable).toContain(reason);
    expect(position).toEqual({ seq: 9, logTime: 9_000, eventsSeq: 4 });
  });
});
