import { Readable } from 'node:stream';
import type { RecordedLog } from '#apps/cli/offline/backtest/run.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { openArtifactStore } from '#libs/artifacts/index.js';
import {
  baselineFormat,
  encodeChunk,
  encodeChunkSchema,
  encodePredictionId,
  epochCheck,
  eventCatalogue,
  header,
  labelsRecorded,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
  type DriftBaseline,
  type GovernanceEvent,
  type LabelRow,
  type Signature,
} from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { encodeEvent, ensureStreams, EventReader, genesisHash, JetStreamStore } from '#libs/event-log/index.js';
import { namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';
import { Random } from '#libs/learning/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';

/** A nats-server with the recorded traffic of one deployment. */
export interface LabelledLog extends RecordedLog {
  readonly deployment: string;
  readonly traffic: JetStreamStore;
  readonly rows: number;
  close(): Promise<void>;
}

const deployment = 'bench';
const [model, version, epoch] = ['bench', '1.0.0', 'bench'];
const classes = ['no', 'yes'];
const artifact = `sha256:${'0'.repeat(64)}`;
const rowsPerChunk = 1000;
const at = '2026-01-01T00:00:00.000Z';

/** @param rows of a classifier of 30 float32 features, each with its label, a thousand to a message. */
export async function openLabelledLog(rows: number): Promise<LabelledLog> {
  const { startNats } = await import('#tests/support/nats.js');
  const server = await startNats();
  const logger = createLogger({ component: 'bench', instance: 'bench', level: 'silent' });
  const connection = await connectNats({ url: server.url, name: 'bench', logger });
  await ensureStreams(connection, streamDeclarations(1));
  const events = new JetStreamStore({ connection, stream: streamNames.events });
  const traffic = new JetStreamStore({ connection, stream: streamNames.traffic });
  const artifacts = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
  const random = new Random(1);
  const { digest } = await artifacts.put(Readable.from([Buffer.from(JSON.stringify(baseline(random)))]));
  await append(events, subjects.model(model), {
    type: 'VersionRegistered',
    data: {
      ...{ model, version, artifact, size: 1, tags: {}, metrics: {}, signature, lineage: {} },
      baseline: { artifact: digest, format: baselineFormat },
    },
  });
  const routingSeq = await append(events, subjects.deployment(deployment), {
    type: 'DeploymentWentLive',
    data: { deployment, rollout_id: namespaces.entity, model, version, instances: [{ instance: 's', load_ms: 1 }] },
  });
  for (let chunk = 0; chunk < rows / rowsPerChunk; chunk++) await record(traffic, random, chunk, routingSeq);
  return {
    ...{ deployment, traffic, rows: Math.ceil(rows / rowsPerChunk) * rowsPerChunk, artifacts },
    reader: new EventReader<GovernanceEvent>(events, eventCatalogue),
    async close() {
      await connection.drain();
      await server.stop();
    },
  };
}

const features = Array.from({ length: 30 }, (_, index) => `feature_${index}`);

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, features.length] }],
  outputs: [
    { name: 'label', type: 'string', shape: [null], role: 'label' },
    { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: features.map((name, index) => ({ name, type: 'float32', nullable: false, input: 'x', index })),
  classes,
};

async function append(events: JetStreamStore, subject: string, event: GovernanceEvent): Promise<number> {
  const meta = {
    ...{ commandId: uuidv5(namespaces.command, subject), digest: sha256Hex(subject), actor: 'bench' },
    ...{ correlationId: uuidv5(namespaces.command, subject), at },
  };
  const place = { subject, aggregateVersion: 1, previousHash: genesisHash };
  const { message } = encodeEvent(eventCatalogue, event, meta, place);
  return (await events.publish({ ...message, expectedLastSubjectSeq: 0 })).seq;
}

async function record(traffic: JetStreamStore, random: Random, chunk: number, routingSeq: number): Promise<void> {
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: routingSeq, epoch, instance: 'bench', classes },
    arms: [{ role: 'live', model, version, rollout_id: 'bench', artifact }],
    inputs: [{ name: 'x', type: 'float32', width: features.length, features }],
    outputs: [
      { name: 'label', type: 'string', width: 1, role: 'label' },
      { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
    ],
  };
  const drawn = Float32Array.from({ length: rowsPerChunk }, () => random.float());
  const answers = Array.from(drawn, labelOf);
  const { seq } = await traffic.publish({
    subject: subjects.predictions(deployment),
    headers: { [header.type]: predictionsRecorded.type },
    data: encodeChunk(schema, encodeChunkSchema(schema), {
      ...{ counter: chunk + 1, givenUp: [], beganAt: Date.parse(at), served: rowsPerChunk, failed: 0, refused: 0 },
      arm: new Uint8Array(rowsPerChunk),
      latencyUs: Uint32Array.from(drawn, () => 500 + random.below(2000)),
      beganOffsetUs: new Uint32Array(rowsPerChunk),
      ...{ codes: [], details: [] },
      inputs: [Float32Array.from({ length: rowsPerChunk * features.length }, () => random.normal())],
      outputs: [answers, Float32Array.from({ length: 2 * rowsPerChunk }, (_, index) => pairAt(drawn, index))],
    }),
  });
  const labels = answers.map((label, row): LabelRow => ({
    prediction_id: encodePredictionId({ seq, row, check: epochCheck(epoch) }),
    ...{ traffic_seq: seq, epoch, counter: chunk + 1, row, model, version, predicted_at: at, observed_at: at },
    predicted: { label, probabilities: { no: 1 - drawn[row]!, yes: drawn[row]! } },
    label: random.float() < drawn[row]! ? 'yes' : 'no',
  }));
  await traffic.publish({
    subject: subjects.labels(deployment),
    headers: { [header.type]: labelsRecorded.type, [header.id]: uuidv5(namespaces.event, String(chunk)) },
    data: Buffer.from(JSON.stringify({ deployment, events_seq: routingSeq, rows: labels })),
  });
}

function baseline(random: Random): DriftBaseline {
  const rows = 5000;
  const drawn = Float64Array.from({ length: rows }, () => random.float());
  const columns = features.map((name) => ({
    ...{ name, type: 'numeric' as const },
    values: Float64Array.from({ length: rows }, () => random.normal()),
  }));
  return buildBaseline(
    { rows, columns },
    {
      ...{ rows: Int32Array.from({ length: rows }, (_, row) => row), features, seed: 1 },
      outputs: {
        label: Array.from(drawn, labelOf),
        'probabilities.no': Array.from(drawn, (each) => 1 - each),
        'probabilities.yes': Array.from(drawn),
      },
      target: Array.from(drawn, (each) => (random.float() < each ? 'yes' : 'no')),
    },
  );
}

function labelOf(probability: number): string {
  return probability >= 0.5 ? 'yes' : 'no';
}

function pairAt(drawn: Float32Array, index: number): number {
  return index % 2 === 0 ? 1 - drawn[index >> 1]! : drawn[index >> 1]!;
}
