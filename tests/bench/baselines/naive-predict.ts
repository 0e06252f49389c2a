/**
 * The obvious program for POST /api/predict: each request runs the model for itself, is recorded as a chunk of its own
 * in the stream TRAFFIC of the server given, and is answered when that has acknowledged. Chunks, publisher and server
 * are the product's, so that what differs is how requests are gathered and answered.
 *
 *   MODELOG_BENCH_NATS_URL=… node naive-predict.js <model.onnx>
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from '@nats-io/transport-node';
import ort from 'onnxruntime-node';
import {
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  eventSource,
  header,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
} from '#libs/contracts/index.js';
import { BulkPublisher } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { featureNames } from '../harness/rows.js';
import { serveUntilOrphaned } from './serve.js';

interface PredictBody {
  readonly deployment: string;
  readonly input: Readonly<Record<string, number>>;
}

const [model, natsUrl] = [process.argv[2], process.env['MODELOG_BENCH_NATS_URL']];
if (model === undefined) throw new Error('model: expected the path of an ONNX file');
if (natsUrl === undefined) throw new Error('MODELOG_BENCH_NATS_URL: expected the address of a nats-server');

const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const { host, username, password } = new URL(natsUrl);
const connection = await connect({ servers: host, user: username, pass: password });
const publisher = new BulkPublisher({ connection, stream: 'TRAFFIC', clock: systemClock });

const deployment = 'bench-naive';
const epoch = randomUUID();
const check = epochCheck(epoch);
const subject = subjects.predictions(deployment);
const headers = {
  [header.type]: predictionsRecorded.type,
  [header.source]: eventSource,
  [header.subject]: subject,
  [header.specVersion]: '1.0',
  [header.eventVersion]: String(predictionsRecorded.version),
};
const schema: ChunkSchema = {
  ...{ deployment, routing_seq: 1, epoch, instance: 'naive' },
  arms: [{ role: 'live', model: 'forest', version: '1.0.0', rollout_id: epoch, artifact: 'none' }],
  inputs: [{ name: 'input', type: 'float32', width: featureNames.length, features: [...featureNames] }],
  outputs: [
    { name: 'label', type: 'int64', width: 1, role: 'label' },
    { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
  ],
};
const schemaBytes = encodeChunkSchema(schema);
const [labelName = '', probabilitiesName = ''] = session.outputNames;
let counter = 0;

const server = createServer((request, response) => {
  readBody(request, (text) => {
    predict(JSON.parse(text) as PredictBody).then(
      (answer) => {
        send(response, 200, answer);
      },
      (error: unknown) => {
        send(response, 500, { error: String(error) });
      },
    );
  });
});
serveUntilOrphaned(server);

async function predict({ input }: PredictBody): Promise<unknown> {
  const beganAt = performance.now();
  const values = Float32Array.from(featureNames, (name) => input[name] ?? Number.NaN);
  const outputs = await session.run({ input: new ort.Tensor('float32', values, [1, featureNames.length]) });
  const label = outputs[labelName]!.data as BigInt64Array;
  const probabilities = outputs[probabilitiesName]!.data as Float32Array;
  counter += 1;
  const seq = await publisher.publish({
    ...{ subject, headers, messageId: `${epoch}-${counter}` },
    data: encodeChunk(schema, schemaBytes, {
      ...{ counter, givenUp: [], beganAt: Date.now(), served: 1, failed: 0, refused: 0, codes: [], details: [] },
      arm: new Uint8Array(1),
      latencyUs: Uint32Array.of(1000 * (performance.now() - beganAt)),
      beganOffsetUs: new Uint32Array(1),
      inputs: [values],
      outputs: [label, probabilities],
    }),
  });
  return {
    ...{ prediction_id: encodePredictionId({ seq, row: 0, check }), deployment, model: 'forest', version: '1.0.0' },
    output: { label: Number(label[0]), probabilities: { '0': probabilities[0], '1': probabilities[1] } },
  };
}

function readBody(request: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    done((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8'));
  });
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  const body = JSON.stringify(answer);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
